// Package objects opens object stores by URL (gocloud.dev/blob): file:///path, mem://, and, in a binary built with the tag
// cloud, s3://, gs:// and azblob://. Their libraries are left out of the ordinary build, which they would make three times as
// long.
package objects

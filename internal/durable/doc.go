// Package durable is about files that outlive a crash: WriteFile replaces a file in full or not at all, and a Lock is one that
// the operating system takes back when its holder ends, however it ends.
package durable

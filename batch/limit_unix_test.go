//go:build unix

package batch

import (
	"strconv"

	"golang.org/x/sys/unix"
)

// limitFileSize makes files of more bytes fail to be written, as on a full disk.
func limitFileSize(bytes string) {
	if n, err := strconv.ParseUint(bytes, 10, 64); err == nil {
		unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: n, Max: n})
	}
}

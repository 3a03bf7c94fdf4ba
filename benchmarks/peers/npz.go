//go:build unix

package main

import (
	"archive/zip"
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// array is a NumPy array in row-major order; data is []float64 or []int32.
type array struct {
	name  string
	shape []int
	data  any
}

// writeNPZ writes arrays as numpy.load reads them (NumPy enhancement proposal 1, format version 1.0).
func writeNPZ(path string, arrays []array) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	archive := zip.NewWriter(f)
	for _, a := range arrays {
		w, err := archive.CreateHeader(&zip.FileHeader{Name: a.name + ".npy", Method: zip.Store})
		if err != nil {
			return err
		}
		if err := a.write(w); err != nil {
			return fmt.Errorf("array %s: %w", a.name, err)
		}
	}
	return archive.Close()
}

func (a *array) write(w io.Writer) error {
	kind, n := "<f8", 0
	switch data := a.data.(type) {
	case []float64:
		n = len(data)
	case []int32:
		kind, n = "<i4", len(data)
	default:
		return fmt.Errorf("%T has no NumPy type here", a.data)
	}
	want := 1
	var shape strings.Builder
	for _, d := range a.shape {
		want *= d
		fmt.Fprintf(&shape, "%d,", d)
	}
	if n != want {
		return fmt.Errorf("%d values for the shape (%s)", n, shape.String())
	}
	header := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", kind, shape.String())
	const prefix = 10 // magic, version, length of the header
	header += strings.Repeat(" ", 63-(prefix+len(header))%64) + "\n"
	buffer := bufio.NewWriterSize(w, 1<<20)
	buffer.WriteString("\x93NUMPY\x01\x00")
	binary.Write(buffer, binary.LittleEndian, uint16(len(header)))
	buffer.WriteString(header)
	if err := binary.Write(buffer, binary.LittleEndian, a.data); err != nil {
		return err
	}
	return buffer.Flush()
}

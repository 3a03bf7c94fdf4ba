package table

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// The library makes room for what a file says about its sizes before it looks at the bytes. These checks compare with the size of
// the file first.

// checkFooter makes sure that the footer lies within the file.
func checkFooter(in io.ReaderAt, size int64) error {
	var tail [8]byte
	if size < int64(len(tail))+4 {
		return fmt.Errorf("it has only %d bytes", size)
	}
	if _, err := in.ReadAt(tail[:], size-int64(len(tail))); err != nil {
		return err
	}
	if n := int64(binary.LittleEndian.Uint32(tail[:4])); n > size-int64(len(tail))-4 {
		return fmt.Errorf("its footer is said to have %d bytes", n)
	}
	return nil
}

// Bounds of one page. Writers close pages at about 1 MiB; some put a whole row group into one.
const (
	maxPageValues = 1 << 25
	maxPageBytes  = 1 << 30
	smallPage     = 64 << 20 // a page may be this large however well it is compressed
	maxRatio      = 1000     // larger ones must not claim to grow more than this by decompression
)

// checkChunk makes sure that a column chunk is compressed in a way that can be read, and that its pages lie within the file.
func (f *parquetFile) checkChunk(group, leaf int) error {
	groups := f.file.Metadata().RowGroups
	if group >= len(groups) || leaf >= len(groups[group].Columns) {
		return errors.New("the file is damaged: the footer does not list the column")
	}
	m := &groups[group].Columns[leaf].MetaData
	switch m.Codec {
	case format.Uncompressed, format.Snappy, format.Gzip, format.Brotli, format.Zstd:
	default: // LZ4_RAW: the library decodes it to wrong values without an error, https://github.com/parquet-go/parquet-go/issues/608
		return fmt.Errorf("compression %v can't be read; write the file with zstd, snappy, gzip or without compression", m.Codec)
	}
	if err := f.checkPages(m); err != nil {
		return fmt.Errorf("the file is damaged: %w", err)
	}
	return nil
}

// checkPages goes through the page headers of a column chunk.
func (f *parquetFile) checkPages(m *format.ColumnMetaData) error {
	at := m.DataPageOffset
	if d := m.DictionaryPageOffset; d != 0 {
		at = d
	}
	end := at + m.TotalCompressedSize
	if at < 0 || m.TotalCompressedSize < 0 || end < at || end > f.size {
		return fmt.Errorf("its pages are said to lie at bytes %d to %d", at, end)
	}
	section := io.NewSectionReader(f.raw, 0, end)
	in := bufio.NewReaderSize(section, 512)
	protocol := thrift.CompactProtocol{}
	for at < end {
		if _, err := section.Seek(at, io.SeekStart); err != nil {
			return err
		}
		in.Reset(section)
		var h format.PageHeader
		if err := thrift.NewDecoder(protocol.NewReader(in)).Decode(&h); err != nil {
			return fmt.Errorf("header of the page at byte %d: %w", at, err)
		}
		position, err := section.Seek(0, io.SeekCurrent)
		if err != nil {
			return err
		}
		next := position - int64(in.Buffered()) + int64(h.CompressedPageSize)
		if err := checkPage(&h); err != nil {
			return fmt.Errorf("page at byte %d: %w", at, err)
		}
		if next <= at || next > end {
			return fmt.Errorf("the page at byte %d is said to end at byte %d", at, next)
		}
		at = next
	}
	return nil
}

func checkPage(h *format.PageHeader) error {
	size, compressed := int64(h.UncompressedPageSize), int64(h.CompressedPageSize)
	if size < 0 || compressed < 0 || size > maxPageBytes || size > smallPage && size > maxRatio*compressed {
		return fmt.Errorf("it is said to have %d bytes, %d when compressed", size, compressed)
	}
	for _, n := range []int32{h.DataPageHeader.V.NumValues, h.DataPageHeaderV2.V.NumValues, h.DictionaryPageHeader.V.NumValues} {
		if n < 0 || n > maxPageValues {
			return fmt.Errorf("it is said to have %d values", n)
		}
	}
	return nil
}

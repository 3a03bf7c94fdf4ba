package table

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"slices"
	"strconv"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding"
	"github.com/parquet-go/parquet-go/format"
)

// leafReader hands out the entries of one column chunk: each is a value, or stands for a null or an empty list. It turns a whole page into
// plain values at once, which is five times as fast as the library's readers of single values.
type leafReader struct {
	leaf  *parquet.Column
	as    kind // text, number or date
	pages parquet.Pages
	page  parquet.Page

	n, at    int    // entries of the page, and the next one
	def, rep []byte // [entry] levels; nil where the column has none
	full     byte   // definition level of entries that have a value
	value    int    // next one of values
	values   plain  // of the page

	dictionary parquet.Dictionary
	words      plain // of the dictionary
}

// plain holds decoded values; which slice is filled follows from what the leaf is read as.
type plain struct {
	numbers []float64
	texts   []string
	days    []int32
}

func newLeafReader(leaf *parquet.Column, as kind, pages parquet.Pages) *leafReader {
	return &leafReader{leaf: leaf, as: as, pages: pages, full: byte(leaf.MaxDefinitionLevel())}
}

// load makes sure that there is an entry; io.EOF after the last page.
func (l *leafReader) load() error {
	for l.at == l.n {
		l.release()
		page, err := l.pages.ReadPage()
		if err != nil {
			return err
		}
		l.page = page
		if err := l.decode(); err != nil {
			return err
		}
	}
	return nil
}

// need is load for a column that must have another entry.
func (l *leafReader) need() error {
	if l.at < l.n {
		return nil
	}
	err := l.load()
	if errors.Is(err, io.EOF) {
		return errors.New("the file is damaged: the column ends too early")
	}
	return err
}

func (l *leafReader) decode() error {
	l.n, l.at, l.value = int(l.page.NumValues()), 0, 0
	l.def, l.rep = nil, nil
	present := l.n
	if l.full > 0 {
		l.def = l.page.DefinitionLevels()
		l.n = len(l.def)
		present = bytes.Count(l.def, []byte{l.full})
	}
	if l.leaf.MaxRepetitionLevel() > 0 {
		if l.rep = l.page.RepetitionLevels(); len(l.rep) != l.n {
			return errors.New("the file is damaged: a page has levels of two lengths")
		}
	}
	t := l.leaf.Type()
	if isEmpty(t) {
		if present > 0 {
			return errors.New("the file is damaged: values of a type that has none")
		}
		return nil
	}
	d := l.page.Dictionary()
	if d == nil {
		l.values.reset()
		return l.values.decode(l.page.Data(), present, t, l.as)
	}
	if d != l.dictionary {
		l.dictionary = d
		l.words.reset()
		if err := l.words.decode(d.Page().Data(), d.Len(), t, l.as); err != nil {
			return err
		}
	}
	l.values.reset()
	data := l.page.Data()
	l.values.lookUp(&l.words, data.Int32()[:present])
	return nil
}

func (p *plain) reset() { p.numbers, p.texts, p.days = p.numbers[:0], p.texts[:0], p.days[:0] }

func (p *plain) lookUp(words *plain, indexes []int32) {
	switch {
	case len(words.numbers) > 0:
		for _, i := range indexes {
			p.numbers = append(p.numbers, words.numbers[i])
		}
	case len(words.texts) > 0:
		for _, i := range indexes {
			p.texts = append(p.texts, words.texts[i])
		}
	default:
		for _, i := range indexes {
			p.days = append(p.days, words.days[i])
		}
	}
}

// decode appends n values.
func (p *plain) decode(v encoding.Values, n int, t parquet.Type, as kind) error {
	logical := annotation(t)
	switch as {
	case number:
		p.numbers = slices.Grow(p.numbers, n)
		return p.decodeNumbers(v, n, logical)
	case date:
		p.days = slices.Grow(p.days, n)
		return p.decodeDays(v, n, logical)
	}
	p.texts = slices.Grow(p.texts, n)
	switch v.Kind() {
	case encoding.ByteArray, encoding.FixedLenByteArray:
		if isUUID(logical) {
			eachBytes(v, n, func(b []byte) { p.texts = append(p.texts, uuidText(b)) })
			return nil
		}
		eachBytes(v, n, func(b []byte) {
			if k := len(p.texts); k > 0 && p.texts[k-1] == string(b) { // equal neighbours share one
				p.texts = append(p.texts, p.texts[k-1])
				return
			}
			p.texts = append(p.texts, string(b))
		})
	case encoding.Int32, encoding.Int64:
		for i := range n {
			p.texts = append(p.texts, integerText(v, i, unsigned(logical)))
		}
	default:
		return fmt.Errorf("values of type %s are no text", t)
	}
	return nil
}

// uuidText prints 16 bytes as RFC 9562 does: 8-4-4-4-12 hexadecimal digits.
func uuidText(b []byte) string {
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:16])
}

// eachBytes visits n values of a byte array type; a damaged page makes it panic.
func eachBytes(v encoding.Values, n int, visit func(b []byte)) {
	if v.Kind() == encoding.FixedLenByteArray {
		data, size := v.FixedLenByteArray()
		for i := range n {
			visit(data[i*size : (i+1)*size])
		}
		return
	}
	data, offsets := v.ByteArray()
	for i := range n {
		visit(data[offsets[i]:offsets[i+1]])
	}
}

func unsigned(logical format.LogicalTypeValue) bool {
	i, ok := logical.(*format.IntType)
	return ok && !i.IsSigned
}

// integerText prints the i-th whole number exactly: ids of 64 bits do not fit into a float64.
func integerText(v encoding.Values, i int, unsigned bool) string {
	switch wide := v.Kind() == encoding.Int64; {
	case wide && unsigned:
		return strconv.FormatUint(v.Uint64()[i], 10)
	case wide:
		return strconv.FormatInt(v.Int64()[i], 10)
	case unsigned:
		return strconv.FormatUint(uint64(v.Uint32()[i]), 10)
	default:
		return strconv.FormatInt(int64(v.Int32()[i]), 10)
	}
}

func (p *plain) decodeNumbers(v encoding.Values, n int, logical format.LogicalTypeValue) error {
	first := len(p.numbers)
	switch v.Kind() {
	case encoding.Boolean:
		bits := v.Boolean()
		for i := range n {
			p.numbers = append(p.numbers, float64(bits[i/8]>>(i%8)&1))
		}
	case encoding.Float:
		for _, x := range v.Float()[:n] {
			p.numbers = append(p.numbers, float64(x))
		}
	case encoding.Double:
		p.numbers = append(p.numbers, v.Double()[:n]...)
	case encoding.Int32:
		if unsigned(logical) {
			p.numbers = appendConverted(p.numbers, v.Uint32()[:n])
		} else {
			p.numbers = appendConverted(p.numbers, v.Int32()[:n])
		}
	case encoding.Int64:
		if unsigned(logical) {
			p.numbers = appendConverted(p.numbers, v.Uint64()[:n])
		} else {
			p.numbers = appendConverted(p.numbers, v.Int64()[:n])
		}
	case encoding.ByteArray, encoding.FixedLenByteArray:
		eachBytes(v, n, func(b []byte) { p.numbers = append(p.numbers, bigEndian(b)) })
	default:
		return fmt.Errorf("values of type %v are no numbers", v.Kind())
	}
	if d, ok := logical.(*format.DecimalType); ok {
		for i := first; i < len(p.numbers); i++ {
			p.numbers[i] /= math.Pow10(int(d.Scale))
		}
	}
	return nil
}

func appendConverted[T int32 | int64 | uint32 | uint64](numbers []float64, values []T) []float64 {
	for _, x := range values {
		numbers = append(numbers, float64(x))
	}
	return numbers
}

// bigEndian reads two's complement of any length, as decimals are stored.
func bigEndian(b []byte) float64 {
	i := new(big.Int).SetBytes(b)
	if len(b) > 0 && b[0]&0x80 != 0 {
		i.Sub(i, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	x, _ := new(big.Float).SetInt(i).Float64()
	return x
}

func (p *plain) decodeDays(v encoding.Values, n int, logical format.LogicalTypeValue) error {
	switch v.Kind() {
	case encoding.Int32:
		p.days = append(p.days, v.Int32()[:n]...)
	case encoding.Int64:
		stamp, ok := logical.(*format.TimestampType)
		if !ok {
			return errors.New("values are no dates")
		}
		perDay := int64(24 * time.Hour / stamp.Unit.Value.Duration())
		for _, x := range v.Int64()[:n] {
			p.days = append(p.days, clampDay(floorDiv(x, perDay)))
		}
	case encoding.Int96: // nanoseconds of the day, and the Julian day: how Spark writes timestamps
		for _, x := range v.Int96()[:n] {
			p.days = append(p.days, clampDay(int64(x[2])-julianEpoch))
		}
	default:
		return errors.New("values are no dates")
	}
	return nil
}

// julianEpoch is the Julian day number of 1970-01-01.
const julianEpoch = 2440588

// clampDay keeps absurd dates absurd instead of wrapping them around.
func clampDay(day int64) int32 { return int32(min(max(day, math.MinInt32), math.MaxInt32)) }

func (l *leafReader) release() {
	if l.page != nil {
		parquet.Release(l.page)
		l.page = nil
	}
}

func (l *leafReader) close() {
	l.release()
	l.pages.Close()
}

package table

import "github.com/restock-engine/restock/io/arrowipc"

// arrowSink writes an Arrow IPC file or stream.
type arrowSink struct {
	columns []outColumn
	writer  *arrowipc.Writer
}

var arrowOut = map[outKind]arrowipc.Kind{outText: arrowipc.Text, outFloat: arrowipc.Number, outInt: arrowipc.Integer,
	outUint: arrowipc.Integer, outDate: arrowipc.Date, outFloats: arrowipc.NumberList, outList: arrowipc.NumberList, outPairs: arrowipc.PairList}

func newArrowSink(t *target, columns []outColumn, m meta, file bool) (*arrowSink, error) {
	var fields []arrowipc.OutField
	for _, c := range columns {
		fields = append(fields, arrowipc.OutField{Name: c.name, Kind: arrowOut[c.kind], Nullable: c.nullable,
			Small: c.kind == outFloats, Unsigned: c.kind == outUint})
	}
	var keys, values []string
	for _, kv := range m {
		keys, values = append(keys, kv.key), append(values, kv.value)
	}
	w, err := arrowipc.NewWriter(t.out, file, fields, keys, values)
	return &arrowSink{columns, w}, err
}

func (s *arrowSink) write(row []cell) error {
	for i := range row {
		x := &row[i]
		switch {
		case x.null:
			s.writer.Null(i)
		case s.columns[i].kind == outText:
			s.writer.Text(i, x.text)
		case s.columns[i].kind == outFloat:
			s.writer.Number(i, x.float)
		case s.columns[i].kind == outInt:
			s.writer.Integer(i, x.int)
		case s.columns[i].kind == outUint:
			s.writer.Unsigned(i, uint64(x.int))
		case s.columns[i].kind == outDate:
			s.writer.Day(i, int32(x.int))
		case s.columns[i].kind == outFloats:
			s.writer.Floats(i, x.floats)
		case s.columns[i].kind == outList:
			s.writer.List(i, x.list)
		default:
			s.writer.Pairs(i, x.list)
		}
	}
	return s.writer.EndRow()
}

func (s *arrowSink) close() error { return s.writer.Close() }

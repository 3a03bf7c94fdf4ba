// Command asm generates the assembly of the kernels: go run . -out ../kernel_amd64.s (or go generate in the directory above).
//
// One description, in week.go, order.go and finish.go, serves both instruction sets: machine.go spells its operations for
// AVX-512 and for AVX2. Masks are avoided even where AVX-512 has them: on Zen 4 a comparison into a mask register and a masked
// operation take 7 cycles, a subtraction and a shift of the sign 2, and they are on the one chain of dependent operations
// that leads from week to week.
package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"log"

	. "github.com/mmcloughlin/avo/build"
)

func main() {
	fields, drawFields, scanFields := readFields("args"), readFields("drawArgs"), readFields("scanArgs")
	invertFields, nearFields := readFields("invertArgs"), readFields("nearArgs")
	ConstraintExpr("amd64,!purego")
	for _, avx512 := range []bool{true, false} {
		for _, look := range []string{"stock", "position"} {
			for _, output := range []string{"Costs", "Sums"} {
				for _, returns := range []returnMode{noReturns, fieldReturns, ringReturns} {
					m := newMachine(fields, avx512)
					k := kernel{machine: m, position: look == "position", sums: output == "Sums", returns: returns}
					k.function(look + output)
				}
			}
		}
	}
	for _, avx512 := range []bool{true, false} {
		m := newMachine(drawFields, avx512)
		m.countSteps()
		m.round()
		if avx512 {
			newMachine(invertFields, avx512).invert()
			newMachine(nearFields, avx512).near()
		}
		m = newMachine(scanFields, avx512)
		m.totals()
		m.narrow()
	}
	Generate()
}

// readFields returns the offset of each field of a struct, whose fields have 8 bytes, or 64 if they are of type vector or vector64.
func readFields(name string) map[string]int {
	const file = "../args_amd64.go"
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		log.Fatal(err)
	}
	offsets, next := map[string]int{}, 0
	ast.Inspect(f, func(n ast.Node) bool {
		t, ok := n.(*ast.TypeSpec)
		if !ok || t.Name.Name != name {
			return true
		}
		for _, field := range t.Type.(*ast.StructType).Fields.List {
			size := 8
			if id, ok := field.Type.(*ast.Ident); ok && (id.Name == "vector" || id.Name == "vector64") {
				size = 64
			} else if ok && id.Name != "int64" && id.Name != "float64" {
				log.Fatalf("%s: field %s of %s has type %s, not a pointer, int64, float64 or vector", file, field.Names[0], name, id.Name)
			}
			for _, name := range field.Names {
				offsets[name.Name] = next
				next += size
			}
		}
		return false
	})
	if len(offsets) == 0 {
		log.Fatalf("%s has no struct %s", file, name)
	}
	return offsets
}

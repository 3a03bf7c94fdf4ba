//go:build !purego

package kernel

// args is what the assembly reads. Every field has 8 bytes; of an int64 used as an int32 or float32 the assembly reads the low half.
type args struct {
	demand  *int32
	arrival *int32
	delay   *uint8
	round   *float32
	shift   *uint8
	total   *int32
	rows    *Week
	ring    *int32
	out     *byte // costs or sums

	weeks, groups, most, atLeast int64
	limit                        float64

	onHand, position, late     int64
	first, again, extra        int64
	fieldMask, fieldWidth      int64
	afterShift                 int64
	firstDelay, delays         int64
	ringOffset                 int64
	one                        int64
	upTo, ruled                int64
	packLessOne, pack          int64
	least, orderMost, orderCap int64
	share, half, perPack       int64 // float32

	holding, inbound, order, outbound, returns, lost, overstock float64
}

//go:noescape
func stockCostsAVX512(a *args)

//go:noescape
func stockCostsReturnsAVX512(a *args)

//go:noescape
func stockSumsAVX512(a *args)

//go:noescape
func stockSumsReturnsAVX512(a *args)

//go:noescape
func positionCostsAVX512(a *args)

//go:noescape
func positionCostsReturnsAVX512(a *args)

//go:noescape
func positionSumsAVX512(a *args)

//go:noescape
func positionSumsReturnsAVX512(a *args)

//go:noescape
func stockCostsAVX2(a *args)

//go:noescape
func stockCostsReturnsAVX2(a *args)

//go:noescape
func stockSumsAVX2(a *args)

//go:noescape
func stockSumsReturnsAVX2(a *args)

//go:noescape
func positionCostsAVX2(a *args)

//go:noescape
func positionCostsReturnsAVX2(a *args)

//go:noescape
func positionSumsAVX2(a *args)

//go:noescape
func positionSumsReturnsAVX2(a *args)

//go:build !purego

package kernel

// args is what the assembly reads. Every field has 8 bytes; of an int64 used as an int32 or float32 the assembly reads the low
// half.
type args struct {
	demand *int32
	delay  *uint8
	round  *float32
	shift  *uint8
	total  *int32
	rows   *Week
	ring   *int32
	steps  *step
	out    *byte // costs or sums

	weeks, groups, most, atLeast int64
	limit                        float64

	onHand, position, late     int64
	first, again, extra        int64
	fieldMask, fieldWidth      int64
	afterShift                 int64
	ringRows, rowBits          int64
	arrivesNow                 int64 // 1 << 31
	logOrder, maskOrder        int64 // of the ring's fields: logarithm of the width, and the bits of one
	logReturn, maskReturn      int64
	narrow                     int64
	upTo, ruled, lookAtStock   int64
	packLessOne, pack          int64
	least, orderMost, orderCap int64
	share, half, perPack       int64 // float32
	after, returnShare         float64

	holding, inbound, order, outbound, returns, lost, overstock float64
}

// routines are the assembly by instruction set, what a policy looks at, what is written, and how returns are kept.
var routines = [...][2][2][numReturnModes]func(*args){
	AVX512: {
		{{stockCostsAVX512, stockCostsFieldsAVX512, stockCostsRingAVX512},
			{stockSumsAVX512, stockSumsFieldsAVX512, stockSumsRingAVX512}},
		{{positionCostsAVX512, positionCostsFieldsAVX512, positionCostsRingAVX512},
			{positionSumsAVX512, positionSumsFieldsAVX512, positionSumsRingAVX512}},
	},
	AVX2: {
		{{stockCostsAVX2, stockCostsFieldsAVX2, stockCostsRingAVX2}, {stockSumsAVX2, stockSumsFieldsAVX2, stockSumsRingAVX2}},
		{{positionCostsAVX2, positionCostsFieldsAVX2, positionCostsRingAVX2},
			{positionSumsAVX2, positionSumsFieldsAVX2, positionSumsRingAVX2}},
	},
}

//go:noescape
func stockCostsAVX512(a *args)

//go:noescape
func stockCostsFieldsAVX512(a *args)

//go:noescape
func stockCostsRingAVX512(a *args)

//go:noescape
func stockSumsAVX512(a *args)

//go:noescape
func stockSumsFieldsAVX512(a *args)

//go:noescape
func stockSumsRingAVX512(a *args)

//go:noescape
func positionCostsAVX512(a *args)

//go:noescape
func positionCostsFieldsAVX512(a *args)

//go:noescape
func positionCostsRingAVX512(a *args)

//go:noescape
func positionSumsAVX512(a *args)

//go:noescape
func positionSumsFieldsAVX512(a *args)

//go:noescape
func positionSumsRingAVX512(a *args)

//go:noescape
func stockCostsAVX2(a *args)

//go:noescape
func stockCostsFieldsAVX2(a *args)

//go:noescape
func stockCostsRingAVX2(a *args)

//go:noescape
func stockSumsAVX2(a *args)

//go:noescape
func stockSumsFieldsAVX2(a *args)

//go:noescape
func stockSumsRingAVX2(a *args)

//go:noescape
func positionCostsAVX2(a *args)

//go:noescape
func positionCostsFieldsAVX2(a *args)

//go:noescape
func positionCostsRingAVX2(a *args)

//go:noescape
func positionSumsAVX2(a *args)

//go:noescape
func positionSumsFieldsAVX2(a *args)

//go:noescape
func positionSumsRingAVX2(a *args)

// drawArgs is what the assembly that draws scenarios reads.
type drawArgs struct {
	points *uint32
	dst    *byte
	steps  *uint32

	blocks, between int64 // between: bytes from a block's draws to the next one's
	shift           int64 // uint32
	numSteps        int64
	least, one      int64
	scale, half     int64 // float32
}

//go:noescape
func countStepsAVX512(a *drawArgs)

//go:noescape
func countStepsAVX2(a *drawArgs)

//go:noescape
func roundAVX512(a *drawArgs)

//go:noescape
func roundAVX2(a *drawArgs)

// invertArgs is what the assembly that draws demand reads.
type invertArgs struct {
	points      *uint32
	rounds      *uint32
	dst         *int32
	upper       *uint32 // one more than pieces are read
	base, slope *float64

	n, pieces         int64
	shift, roundShift int64 // uint32
	half, scale       float64
}

//go:noescape
func invertAVX512(a *invertArgs)

// scanArgs is what the assembly that looks through the scenarios reads, and where it leaves what it found.
type scanArgs struct {
	src *int32
	dst *byte

	blocks, weeks, one int64

	low, high, written vector
}

//go:noescape
func totalsAVX512(a *scanArgs)

//go:noescape
func totalsAVX2(a *scanArgs)

//go:noescape
func narrowAVX512(a *scanArgs)

//go:noescape
func narrowAVX2(a *scanArgs)

// nearArgs is what the assembly that looks for numbers between two others reads, and where it leaves what it found.
type nearArgs struct {
	x, dst *float64

	n, found, reached int64 // reached: at least low
	low, high, next   float64

	above vector64 // the least above high, lane by lane
}

type vector64 [8]float64

//go:noescape
func nearAVX512(a *nearArgs)

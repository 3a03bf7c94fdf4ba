package table

import "hash/maphash"

// keyIndex numbers SKUs by the row of the articles table that they were seen in first. It keeps 128-bit hashes and no text: 24
// bytes a SKU and the map's own room. That two of 10 million SKUs share a hash has a probability of about 10^-25.
type keyIndex struct {
	seeds [2]maphash.Seed
	rows  map[[2]uint64]int32
	last  Key // of the last look-up: rows of a SKU mostly stand together
	found int32
}

const notFound = -1

func newKeyIndex() *keyIndex {
	return &keyIndex{seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}, rows: map[[2]uint64]int32{}, found: notFound}
}

func (x *keyIndex) hash(k Key) (h [2]uint64) {
	for i, seed := range x.seeds {
		var m maphash.Hash
		m.SetSeed(seed)
		m.WriteString(k.Merchant)
		m.WriteByte(0) // no key has a control character
		m.WriteString(k.Article)
		h[i] = m.Sum64()
	}
	return h
}

// add numbers a key, and returns the number it already has if it is known.
func (x *keyIndex) add(k Key, row int32) (number int32, known bool) {
	h := x.hash(k)
	if old, ok := x.rows[h]; ok {
		return old, true
	}
	x.rows[h] = row
	return row, false
}

// find returns a key's number, or notFound.
func (x *keyIndex) find(k Key) int32 {
	if k == x.last && k != (Key{}) {
		return x.found
	}
	x.last, x.found = k, notFound
	if row, ok := x.rows[x.hash(k)]; ok {
		x.found = row
	}
	return x.found
}

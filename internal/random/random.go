// Package random turns a seed and a key into independent streams of random numbers. It is the only importer of
// golang.org/x/exp/rand (a PCG of 128 bits of state), which is marked deprecated upstream: to change the generator, change
// this file. Every draw of a run is reproducible from the run's seed and the names hashed into the stream.
package random

//lint:ignore SA1019 the one place to change when it goes
import "golang.org/x/exp/rand"

// Source is a stream of random numbers. Its embedded methods (Float64, Perm, …) are those of x/exp/rand, so it also serves
// as the source of gonum's distributions. It is not safe for concurrent use: make one per goroutine.
type Source struct {
	*rand.Rand
}

// New returns the stream that belongs to the key.
func New(key Key) Source {
	var pcg rand.PCGSource
	pcg.Seed(uint64(key))
	r := rand.New(&pcg)
	r.Uint64() // the first output of a freshly seeded PCG is its seed, little mixed
	return Source{r}
}

// Key names a stream. Keys made from different seeds or names give streams that are independent for all practical purposes.
type Key uint64

// NewKey returns the key of a seed and a list of names. The names are length-delimited: ("ab","c") and ("a","bc") differ.
func NewKey(seed uint64, names ...string) Key {
	k := Key(mix(seed ^ 0x9e3779b97f4a7c15))
	for _, n := range names {
		k = k.String(n)
	}
	return k
}

// String returns the key of a stream below k with the given name.
func (k Key) String(name string) Key {
	h := uint64(k) ^ (uint64(len(name))+1)*0xff51afd7ed558ccd
	for len(name) >= 8 {
		h = mix(h ^ le64(name[:8]))
		name = name[8:]
	}
	var last uint64
	for i := 0; i < len(name); i++ {
		last |= uint64(name[i]) << (8 * i)
	}
	return Key(mix(h ^ last))
}

// Int returns the key of a stream below k with the given number.
func (k Key) Int(n int) Key { return Key(mix(uint64(k) ^ (uint64(n)+1)*0x9fb21c651e98df25)) }

func le64(s string) uint64 {
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// mix is the finaliser of splitmix64 (Steele, Lea and Flood, OOPSLA 2014): a bijection in which each input bit changes about
// half of the output's.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

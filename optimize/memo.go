package optimize

// memo remembers what is known of the policies of one search: a hash table with open addressing of indices into a list, because
// to ask is what a search does most often, and this stays in the nearest cache. The zero value is ready after forget.
type memo struct {
	table []int32 // a power of two, at most half of them in use: 0, or 1 and the index of the policy
	list  []known
}

// known is what is known of one policy: its score, or, if the evaluation was abandoned, that its objective is above score.Value.
type known struct {
	key       key
	abandoned bool
	score     Score
}

// forget empties the memo.
func (m *memo) forget() {
	if m.table == nil {
		m.table = make([]int32, 2048)
	}
	clear(m.table)
	clear(m.list)
	m.list = m.list[:0]
}

// find returns what is known of a policy, nil if nothing is. It is valid until the next add.
func (m *memo) find(k *key) *known {
	if i := m.table[m.place(k)]; i > 0 {
		return &m.list[i-1]
	}
	return nil
}

// place returns the place in the table of a policy, be it known or not.
func (m *memo) place(k *key) uint64 {
	mask := uint64(len(m.table) - 1)
	for p := k.hash() & mask; ; p = (p + 1) & mask {
		if i := m.table[p]; i == 0 || m.list[i-1].key == *k {
			return p
		}
	}
}

// add remembers a policy that is not known.
func (m *memo) add(k known) {
	m.list = append(m.list, k)
	if 2*len(m.list) > len(m.table) {
		m.table = make([]int32, 2*len(m.table))
		for i := range m.list {
			m.table[m.place(&m.list[i].key)] = int32(i + 1)
		}
		return
	}
	m.table[m.place(&k.key)] = int32(len(m.list))
}

// hash mixes as the finaliser of splitmix64 does.
func (k *key) hash() uint64 {
	x := k[0]*0x9e3779b97f4a7c15 ^ k[1]*0xbf58476d1ce4e5b9 ^ k[2]*0x94d049bb133111eb
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	return x ^ x>>29
}

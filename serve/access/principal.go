package access

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Right is something that a principal may do with the articles of its merchants. A right does not include another one.
type Right uint8

// The rights.
const (
	Read   Right = 1 << iota // see recommendations, features and jobs
	WhatIf                   // ask what would be, which costs computing time and stores nothing
	Write                    // change settings, articles and features
)

// Rights is a set of rights.
type Rights uint8

// AllRights is every right.
const AllRights = Rights(Read | WhatIf | Write)

var rightNames = []struct {
	right Right
	name  string
}{{Read, "read"}, {WhatIf, "what-if"}, {Write, "write"}}

// ParseRights reads the names of rights: read, what-if, write.
func ParseRights(names []string) (Rights, error) {
	var s Rights
	for _, name := range names {
		r, ok := parseRight(name)
		if !ok {
			return 0, fmt.Errorf("%q is not a right; it must be one of read, what-if, write", name)
		}
		s |= Rights(r)
	}
	return s, nil
}

func parseRight(name string) (Right, bool) {
	for _, n := range rightNames {
		if n.name == name {
			return n.right, true
		}
	}
	return 0, false
}

// Has tells if a right is in the set.
func (s Rights) Has(r Right) bool { return r != 0 && s&Rights(r) == Rights(r) }

// Names returns the names of the rights in the set, in the order read, what-if, write.
func (s Rights) Names() []string {
	names := []string{}
	for _, n := range rightNames {
		if s.Has(n.right) {
			names = append(names, n.name)
		}
	}
	return names
}

// String returns the names, with commas between.
func (s Rights) String() string { return strings.Join(s.Names(), ",") }

// AllMerchants stands for every merchant in a list of merchants.
const AllMerchants = "*"

// maxName is how many bytes the name of a principal or a merchant may have.
const maxName = 256

// Merchants is a set of merchant ids, or every merchant. The zero value is none.
type Merchants struct {
	all bool
	ids []string // sorted, each once
}

// NewMerchants makes a set of merchant ids. "*" is every merchant and stands alone.
func NewMerchants(ids ...string) (Merchants, error) {
	if slices.Equal(ids, []string{AllMerchants}) {
		return Merchants{all: true}, nil
	}
	for _, id := range ids {
		switch {
		case id == "":
			return Merchants{}, fmt.Errorf("a merchant id is empty")
		case id == AllMerchants:
			return Merchants{}, fmt.Errorf("%q is every merchant and stands alone, not beside others", id)
		case strings.ContainsRune(id, 0):
			return Merchants{}, fmt.Errorf("merchant id %.40q has a NUL character", id)
		case len(id) > maxName:
			return Merchants{}, fmt.Errorf("a merchant id has %d bytes; the limit is %d", len(id), maxName)
		}
	}
	return Merchants{ids: slices.Compact(slices.Sorted(slices.Values(ids)))}, nil
}

// Has tells if a merchant is in the set.
func (m Merchants) Has(id string) bool {
	if m.all {
		return true
	}
	_, found := slices.BinarySearch(m.ids, id)
	return found
}

// All tells if the set is every merchant.
func (m Merchants) All() bool { return m.all }

// IDs returns the merchants, sorted; ["*"] is every merchant.
func (m Merchants) IDs() []string {
	if m.all {
		return []string{AllMerchants}
	}
	return slices.Clone(m.ids)
}

// Principal is who sends a request, and what it may do. The zero value may do nothing.
type Principal struct {
	Name      string // of the API key, or the subject of the JWT
	KeyID     string // of the API key; empty for a JWT
	Merchants Merchants
	Rights    Rights
}

// May tells if the principal has a right to the articles of a merchant.
func (p Principal) May(r Right, merchant string) bool {
	return p.Rights.Has(r) && p.Merchants.Has(merchant)
}

// account names whose limits the principal uses up: those of its merchants, so that several keys of one merchant share them; for
// a principal of every merchant its own.
func (p Principal) account() string {
	if p.Merchants.all {
		return AllMerchants + p.Name
	}
	return "m" + strings.Join(p.Merchants.ids, "\x00")
}

type principalKey struct{}

// WithPrincipal returns a context that says who sends the request.
func WithPrincipal(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, principalKey{}, p)
}

// From returns who sends the request; without Authenticate before, one that may do nothing.
func From(ctx context.Context) Principal {
	p, _ := ctx.Value(principalKey{}).(Principal)
	return p
}

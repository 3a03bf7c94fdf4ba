package settings

// Merge returns settings in which each section of the other ones, such as what a partner has set, stands above that of these. The flags stay
// as they are.
func (s *Settings) Merge(partners *Settings) *Settings {
	merged := &Settings{file: s.file, defaults: s.defaults.below(partners.defaults), flags: s.flags, merchants: make(map[string]layer, len(s.merchants))}
	for name, l := range s.merchants {
		merged.merchants[name] = l
	}
	for name, above := range partners.merchants {
		merged.merchants[name] = merged.merchants[name].below(above)
	}
	merged.resolve()
	return merged
}

// below is the layer with another one above it.
func (l layer) below(above layer) layer {
	both := append(layer(nil), l...)
	for _, set := range above {
		both = append(both.without(set.key), set)
	}
	return both.sorted()
}

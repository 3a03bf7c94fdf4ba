package settings

// Merge returns settings in which a merchant's section of the other ones, such as what a partner has set, stands above that of these. The defaults,
// the flags and all else stay as they are.
func (s *Settings) Merge(partners *Settings) *Settings {
	merged := &Settings{file: s.file, defaults: s.defaults, flags: s.flags, merchants: make(map[string]layer, len(s.merchants))}
	for name, l := range s.merchants {
		merged.merchants[name] = l
	}
	for name, above := range partners.merchants {
		l := append(layer(nil), merged.merchants[name]...)
		for _, set := range above {
			l = append(l.without(set.key), set)
		}
		merged.merchants[name] = l.sorted()
	}
	merged.resolve()
	return merged
}

// Package lint holds no code, only a test: that imports point one way, from cmd down to forecast, that the core stays pure, and that
// libraries which may be replaced one day stay behind one package each. A rule is changed here, together with its reason.
package lint

// Package round plays inventory games: a fixed number of weekly orders for many items under given costs and a given lead time,
// one more week of sales a round, as in the VN2 inventory planning challenge.
//
// [Rules] say what the game is; a [Game] holds the items with their history and stock, forecasts their demand (an [Outlook]) and
// plans the orders that are due; [Play] is one round against a state folder. The weeks of a game are numbered as the games do it:
// week 1 is the first behind the history. An order placed at the end of week X, with a lead time of L weeks, is received at the
// start of week X+L+1 and can be sold in it.
package round

// Package demo makes assortments of any size for demonstrations and load tests. Every SKU is one of the 600 real articles of
// the example data, changed at random: how fast it sells, the season it is in, prices and costs, lead time, packs, stock, and
// how long it stays in the assortment. Its forecast is the real one of the article it was made from, by package forecast,
// changed alike.
//
// A [Generator] makes one SKU at a time from the seed and the SKU's number alone, so that a large assortment contains the small
// ones of the same seed; [Write] streams them into tables, in the order of their keys and in memory that does not grow with
// their number.
package demo

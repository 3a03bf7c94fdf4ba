// Command build makes the example data in testdata from the two public data sets it stems from: sales and returns from Online Retail
// II, the shape of the lead times from the delivery history of USAID's supply chain.
//
//	go run ./testdata/build -retail DIR -deliveries FILE -out testdata
//
// What is real comes from these files. What they lack (stock, unit cost, fees, packs) follows rules whose numbers all stand in
// testdata/restock.yaml, where a setting of restock can carry them, and in testdata/build/assumptions.yaml where they differ
// from article to article. Nothing is random: where a choice is needed, a hash of the article's code makes it, so that the same input
// gives the same bytes.
//
// The way of a line: retail.go reads and classifies, reversals.go takes booking mistakes out, weekly.go sums weeks, sample.go chooses
// the articles, returns.go and leadtime.go estimate, economics.go adds the assumptions, output.go and counts.go write.
package main

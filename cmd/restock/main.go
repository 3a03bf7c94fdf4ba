// Command restock recommends replenishment orders: what to order now, how much and why, from stock, costs and a demand forecast.
//
// Each command lives in a file of its own and is built by a function newXxxCommand; root.go puts them together.
package main

import "os"

func main() {
	os.Exit(run(interruptible(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

package table_test

import (
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"

	"github.com/restock-engine/restock/io/table"
)

func ExampleJoin() {
	folder, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)
	articles, forecast := filepath.Join(folder, "articles.csv"), filepath.Join(folder, "forecast.csv")
	os.WriteFile(articles, []byte("merchant_id,article_id,on_hand,price,unit_cost\nM,shirt,5,20,12\nM,shoe,two,90,50\n"), 0o644)
	os.WriteFile(forecast, []byte("merchant_id,article_id,week,0.1,0.5,0.9\nM,shirt,0,1,3,7\nM,shirt,1,1,4,8\n"), 0o644)

	joined, err := table.Join(articles, forecast, table.JoinOptions{})
	if err != nil {
		log.Fatal(err)
	}
	defer joined.Close()
	for {
		item, err := joined.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			log.Fatal(err)
		}
		if r := item.Reject; r != nil {
			fmt.Printf("row %d, %s %q %s\n", r.Row, r.Column, r.Value, r.Reason)
			continue
		}
		fmt.Println(item.Row.Article, "in week 1:", item.Forecast.Week(1))
	}
	// Output:
	// shirt in week 1: [1 4 8]
	// row 2, on_hand "two" is not a number
}

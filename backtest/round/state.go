package round

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// A state folder holds
//
//	start/        rules.yaml and the game's initial files, copied when the folder was made
//	round-01/ …   one folder a round: order.csv as it was handed in, stock.csv before the order,
//	              and but for the first round sales.csv of the week before
//	history.csv   all known demand as a history table, for other forecasters
//
// Each folder is written under another name and then renamed, so that a round is there in full or not at all.
type state struct {
	dir      string
	template *Template
	start    int     // week number of the last week before the game
	costs    []Costs // [round] what the week before the round cost; zero if it is not scored
	weeks    []Week  // [item] the week before the last round
}

const (
	startFolder = "start"
	rulesFile   = "rules.yaml"
	orderFile   = "order.csv"
	stockFile   = "stock.csv"
	salesFile   = "sales.csv"
	historyFile = "history.csv"
)

func (s *state) roundFolder(round int) string {
	return filepath.Join(s.dir, fmt.Sprintf("round-%02d", round))
}

// openState opens a state folder, or makes it from the rules' files, and replays the rounds that were played.
func openState(dir string, r *Rules) (*state, *Game, error) {
	s := &state{dir: dir}
	begun := filepath.Join(dir, startFolder)
	if _, err := os.Stat(begun); errors.Is(err, fs.ErrNotExist) {
		if _, _, err := Start(r); err != nil { // nothing is kept of files that can't be played
			return nil, nil, err
		}
		if err := s.create(r); err != nil {
			return nil, nil, err
		}
	} else if err != nil {
		return nil, nil, fmt.Errorf("the state folder can't be read: %w", err)
	}
	kept, err := ReadRules(filepath.Join(begun, rulesFile))
	if err != nil {
		return nil, nil, err
	}
	if !sameGame(kept, r) {
		return nil, nil, fmt.Errorf("the rules differ from those that the game in %s was begun with (%s); go on with those, or "+
			"begin another folder",
			dir, filepath.Join(begun, rulesFile))
	}
	g, t, err := Start(kept)
	if err != nil {
		return nil, nil, err
	}
	s.template, s.start = t, g.Last
	return s, g, s.replay(g)
}

func sameGame(a, b *Rules) bool {
	x, y := *a, *b
	x.Files, y.Files = Files{}, Files{}
	return reflect.DeepEqual(&x, &y)
}

// create copies the initial files.
func (s *state) create(r *Rules) error {
	kept := *r
	return s.put(filepath.Join(s.dir, startFolder), func(dir string) error {
		for _, file := range kept.Files.all() {
			if *file.path == "" {
				continue
			}
			data, err := os.ReadFile(*file.path)
			if err != nil {
				return err
			}
			*file.path = file.name + ".csv"
			if err := os.WriteFile(filepath.Join(dir, *file.path), data, 0o666); err != nil {
				return err
			}
		}
		data, err := yaml.Marshal(&kept)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, rulesFile), data, 0o666)
	})
}

// put writes a folder in full or not at all; one that is there is replaced.
func (s *state) put(folder string, write func(dir string) error) (err error) {
	if err := os.MkdirAll(s.dir, 0o777); err != nil {
		return fmt.Errorf("the state folder can't be made: %w", err)
	}
	dir := filepath.Join(s.dir, "."+filepath.Base(folder)+".unfinished")
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("the state folder can't be written: %w", err), os.RemoveAll(dir))
		}
	}()
	old := dir + "-old"
	if err := errors.Join(os.RemoveAll(dir), os.RemoveAll(old), os.Mkdir(dir, 0o777)); err != nil {
		return err
	}
	if err := write(dir); err != nil {
		return err
	}
	switch err := os.Rename(folder, old); {
	case errors.Is(err, fs.ErrNotExist):
		return os.Rename(dir, folder)
	case err != nil:
		return err
	}
	return errors.Join(os.Rename(dir, folder), os.RemoveAll(old))
}

// replay lets the weeks pass that were played, with the orders that were handed in.
func (s *state) replay(g *Game) error {
	for {
		folder := s.roundFolder(len(s.costs) + 1)
		if _, err := os.Stat(folder); errors.Is(err, fs.ErrNotExist) {
			return nil
		} else if err != nil {
			return fmt.Errorf("the state folder can't be read: %w", err)
		}
		if len(s.costs) > 0 {
			n, err := readNews(filepath.Join(folder, salesFile), "", g.Rules, s.template)
			if err != nil {
				return err
			}
			if n.last() != g.Last+1 {
				return fmt.Errorf("%s is of the week of %s, that of %s is due", n.file, weekName(n.last()), weekName(g.Last+1))
			}
			g.Live(n.at(n.last()))
		}
		cost, err := s.readStock(g, folder)
		if err != nil {
			return err
		}
		s.costs = append(s.costs, cost)
		orders, err := s.readOrders(folder, g)
		if err != nil {
			return err
		}
		for i, q := range orders {
			g.Stocks[i].Order(q)
		}
	}
}

// stockColumns are those of stock.csv behind the keys and before in transit.
var stockColumns = []string{"start", "sales", "missed", "end"}

// readStock takes over the stock that a round began with, and returns what the week before cost.
func (s *state) readStock(g *Game, folder string) (cost Costs, err error) {
	sheet, err := readSheet(filepath.Join(folder, stockFile), g.Rules.Keys)
	if err != nil {
		return cost, err
	}
	rows, err := sheet.match(s.template.sheet)
	if err != nil {
		return cost, err
	}
	base := len(g.Rules.Keys)
	if len(sheet.header) != base+len(stockColumns)+g.Rules.LeadTime+1 {
		return cost, fmt.Errorf("%s is damaged: %d columns", sheet.file, len(sheet.header))
	}
	s.weeks = make([]Week, len(rows))
	for i, row := range rows {
		numbers := make([]float64, len(sheet.header)-base)
		for k := range numbers {
			if numbers[k], err = sheet.quantity(row, base+k); err != nil {
				return cost, err
			}
		}
		s.weeks[i] = Week{Start: numbers[0], Sales: numbers[1], Missed: numbers[2], End: numbers[3]}
		g.Stocks[i] = Stock{OnHand: numbers[3], InTransit: numbers[len(stockColumns):]}
		if g.Rules.scored(g.Week) {
			cost.Holding += numbers[3] * g.Rules.Costs.Holding
			cost.Shortage += numbers[2] * g.Rules.Costs.Shortage
		}
	}
	return cost, nil
}

func (s *state) readOrders(folder string, g *Game) ([]float64, error) {
	sheet, err := readSheet(filepath.Join(folder, orderFile), g.Rules.Keys)
	if err != nil {
		return nil, err
	}
	orders := make([]float64, len(g.Items))
	if len(sheet.rows) != len(orders) {
		return nil, fmt.Errorf("%s is damaged: %d rows", sheet.file, len(sheet.rows))
	}
	for i := range orders {
		if orders[i], err = sheet.quantity(i, s.template.order); err != nil {
			return nil, err
		}
	}
	return orders, nil
}

// keep writes a round: the order, the stock before it, and the demand of the week before, nil in the first round.
func (s *state) keep(round int, g *Game, orders []float64, weeks []Week, demand []float64) error {
	return s.put(s.roundFolder(round), func(dir string) error {
		order, err := s.template.fill(orders)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, orderFile), order, 0o666); err != nil {
			return err
		}
		header := append([]string{}, stockColumns...)
		for k := range g.Rules.LeadTime + 1 {
			header = append(header, fmt.Sprintf("in_transit_%d", k+1))
		}
		err = s.writeSheet(filepath.Join(dir, stockFile), g.Rules.Keys, header, func(i int) []float64 {
			w := Week{Start: g.Stocks[i].OnHand}
			if weeks != nil {
				w = weeks[i]
			}
			return append([]float64{w.Start, w.Sales, w.Missed, g.Stocks[i].OnHand}, g.Stocks[i].InTransit...)
		})
		if err != nil || demand == nil {
			return err
		}
		return s.writeSheet(filepath.Join(dir, salesFile), g.Rules.Keys, []string{weekName(g.Last)},
			func(i int) []float64 { return demand[i : i+1] })
	})
}

// writeSheet writes a CSV file with the items' keys and numbers; an unknown number is an empty cell.
func (s *state) writeSheet(path string, keys, header []string, numbers func(item int) []float64) error {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	if err := w.Write(append(append([]string{}, keys...), header...)); err != nil {
		return err
	}
	for i, cells := range s.template.sheet.rows {
		var row []string
		for _, place := range s.template.sheet.keys {
			row = append(row, cells[place])
		}
		for _, x := range numbers(i) {
			text := ""
			if x == x {
				text = strconv.FormatFloat(x, 'f', -1, 64)
			}
			row = append(row, text)
		}
		if err := w.Write(row); err != nil {
			return err
		}
	}
	w.Flush()
	if err := w.Error(); err != nil {
		return err
	}
	return os.WriteFile(path, out.Bytes(), 0o666)
}

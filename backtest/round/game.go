package round

import (
	"fmt"
	"math"
	"strings"

	"github.com/restock-engine/restock/forecast"
)

// Game is a game between two weeks: what a player knows when an order is due.
type Game struct {
	Rules  *Rules
	Items  []Item
	Week   int         // weeks played since the history's end: 0 when the first order is due
	First  int         // week number of the history's first week, see [forecast.WeekNumber]
	Last   int         // week number of the last known week
	Groups []Group     // by which seasons are learnt
	Stocks []Stock     // [item]
	Sales  [][]float64 // [item][week] demand as far as it is known, units; NaN where out of stock or not known

	notes []string // what is doubtful about the history
}

// Item names what is ordered; its merchant and article are the keys of the forecast table.
type Item struct{ Merchant, Article string }

func (i Item) String() string { return i.Merchant + "/" + i.Article }

// Group assigns every item to one of the groups that a column of the keys or the master file makes.
type Group struct {
	Column string
	Member []string // [item]
}

// Start reads a game's initial files.
func Start(r *Rules) (*Game, *Template, error) {
	t, err := readTemplate(r)
	if err != nil {
		return nil, nil, err
	}
	g := &Game{Rules: r}
	for i := range t.sheet.rows {
		parts := strings.Split(t.sheet.key(i), keySeparator)
		article := strings.Join(parts[1:], "/")
		if len(parts) == 1 {
			article = parts[0]
		}
		g.Items = append(g.Items, Item{parts[0], article})
	}
	if err := g.readHistory(t); err != nil {
		return nil, nil, err
	}
	if err := g.readGroups(t); err != nil {
		return nil, nil, err
	}
	g.Stocks, err = readStocks(r, r.Files.State, t)
	return g, t, err
}

// minHistory is the number of weeks without which nothing can be said about demand.
const minHistory = 8

func (g *Game) readHistory(t *Template) error {
	h, err := readSheet(g.Rules.Files.History, g.Rules.Keys)
	if err != nil {
		return err
	}
	columns, weeks, err := h.weekColumns()
	if err != nil {
		return err
	}
	if len(weeks) < minHistory {
		return fmt.Errorf("%s has %d columns named by a date such as 2024-04-08, one a week; %d weeks are the least",
			h.file, len(weeks), minHistory)
	}
	if g.Sales, g.notes, err = h.values(t.sheet, columns); err != nil {
		return err
	}
	unknown := 0
	for _, list := range g.Sales {
		for _, x := range list {
			if math.IsNaN(x) {
				unknown++
			}
		}
	}
	if unknown > 0 {
		g.notes = append(g.notes, fmt.Sprintf("%s: empty cells are taken for weeks of unknown demand (cells: %d)", h.file, unknown))
	}
	g.First, g.Last = weeks[0], weeks[len(weeks)-1]
	if g.Rules.Files.InStock == "" {
		return nil
	}
	flags, err := readSheet(g.Rules.Files.InStock, g.Rules.Keys)
	if err != nil {
		return err
	}
	return g.mask(flags, t)
}

// mask makes the demand of the weeks unknown in which an item was out of stock. Weeks behind the history are not looked at.
func (g *Game) mask(flags *sheet, t *Template) error {
	columns, weeks, err := flags.weekColumns()
	if err != nil {
		return err
	}
	rows, err := flags.match(t.sheet)
	if err != nil {
		return err
	}
	for i, row := range rows {
		for k, c := range columns {
			if weeks[k] < g.First || weeks[k] > g.Last {
				continue
			}
			in, err := flags.flag(row, c)
			if err != nil {
				return err
			}
			if s := &g.Sales[i][weeks[k]-g.First]; !in && !(*s > 0) {
				*s = math.NaN()
			}
		}
	}
	return nil
}

func (g *Game) readGroups(t *Template) error {
	var master *sheet
	var rows []int
	if g.Rules.Files.Master != "" {
		var err error
		if master, err = readSheet(g.Rules.Files.Master, g.Rules.Keys); err != nil {
			return err
		}
		if rows, err = master.match(t.sheet); err != nil {
			return err
		}
	}
	for _, name := range g.Rules.SeasonGroups {
		group := Group{Column: name, Member: make([]string, len(g.Items))}
		from, place := t.sheet, t.sheet.column(name)
		if place < 0 && master != nil {
			from, place = master, master.column(name)
		}
		if place < 0 || from == t.sheet && place == t.order {
			return fmt.Errorf("season_groups: %q is neither a key nor a column of the master file", name)
		}
		for i := range g.Items {
			row := i
			if from == master {
				row = rows[i]
			}
			group.Member[i] = from.rows[row][place]
		}
		g.Groups = append(g.Groups, group)
	}
	return nil
}

// readStocks reads the stock on hand and in transit from a state file.
func readStocks(r *Rules, path string, t *Template) ([]Stock, error) {
	s, err := readSheet(path, r.Keys)
	if err != nil {
		return nil, err
	}
	return stocksOf(r, s, t)
}

func stocksOf(r *Rules, s *sheet, t *Template) ([]Stock, error) {
	rows, err := s.match(t.sheet)
	if err != nil {
		return nil, err
	}
	places := []int{}
	for _, name := range append([]string{r.StateColumns.OnHand}, r.StateColumns.InTransit...) {
		place := s.column(name)
		if place < 0 {
			return nil, fmt.Errorf("%s has no column %q (state_columns in the rules); it has %s", s.file, name, someOf(s.header))
		}
		places = append(places, place)
	}
	stocks := make([]Stock, len(rows))
	for i, row := range rows {
		stocks[i].InTransit = make([]float64, r.LeadTime+1)
		for k, place := range places {
			q, err := s.quantity(row, place)
			if err != nil {
				return nil, err
			}
			if k == 0 {
				stocks[i].OnHand = q
			} else {
				stocks[i].InTransit[k-1] = q
			}
		}
	}
	return stocks, nil
}

// Live lets a week pass in which each item has the given demand, and returns what it did.
func (g *Game) Live(demand []float64) []Week {
	weeks := make([]Week, len(g.Items))
	for i := range g.Items {
		weeks[i] = g.Stocks[i].Live(sold(demand[i]))
		g.Sales[i] = append(g.Sales[i], demand[i])
	}
	g.Week++
	g.Last++
	return weeks
}

// series returns an item's history for the forecaster, under the name of a group that it belongs to.
func (g *Game) series(i int, merchant string) *forecast.Series {
	s := &forecast.Series{MerchantID: merchant, ArticleID: g.Items[i].String(), FirstWeek: g.First}
	s.Sales = make([]float64, len(g.Sales[i]))
	in := make([]float64, len(g.Sales[i]))
	for t, x := range g.Sales[i] {
		if x == x {
			s.Sales[t], in[t] = x, 1
		} else {
			s.InStock = in // otherwise nobody may have counted the stock: weeks before the first sale tell nothing
		}
	}
	if g.Rules.Files.InStock != "" {
		s.InStock = in
	}
	return s
}

package round

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Move is one round to be played.
type Move struct {
	Rules    string // rules file
	State    string // state folder; made in the first round
	Sales    string // sales of the week that ended; may be empty in the first round, which follows on the history
	Day      string // a day of that week, where the file does not tell; may be empty
	Forecast string // forecast table for the next week on; empty: the embedded forecaster
	Blend    bool   // decide on the mean of that forecast's quantiles and the embedded forecaster's
	Replan   bool   // decide the last round again, with another forecast
	Plan     PlanOptions
}

// Report tells what a round came to.
type Report struct {
	Round    int      // 1 for the first
	Week     string   // the week that ended, by its Monday
	Order    []byte   // the order file
	Repeated bool     // the round had been played before: the order is that of then
	Items    int      // items that are ordered
	Units    float64  // units ordered
	Cost     Costs    // of the scored weeks so far
	Left     int      // orders left after this one
	Notes    []string // what is doubtful about the input
}

// Play plays a round: takes in a week of sales, lets the stock live through it, decides the order, and keeps both in the state
// folder. A round that was played already gives the order of then.
func Play(ctx context.Context, m Move) (*Report, error) {
	rules, err := ReadRules(m.Rules)
	if err != nil {
		return nil, err
	}
	s, g, err := openState(m.State, rules)
	if err != nil {
		return nil, err
	}
	var n *news
	if m.Sales != "" {
		if n, err = readNews(m.Sales, m.Day, g.Rules, s.template); err != nil {
			return nil, err
		}
	}
	step, err := s.due(g, n)
	if err != nil {
		return nil, err
	}
	r := &Report{Round: step.round, Notes: step.notes}
	switch {
	case step.round == 1:
		r.Notes = append(r.Notes, g.notes...)
	case n != nil:
		r.Notes = append(r.Notes, n.notes...)
	}
	if step.round <= len(s.costs) {
		if m.Replan {
			return r, s.replan(ctx, g, m, r)
		}
		r.Repeated = true
		return r, s.report(g, r)
	}
	if m.Replan {
		return nil, fmt.Errorf("round %d has not been played, so there is nothing to decide again", step.round)
	}
	var weeks []Week
	var demand []float64
	if step.round > 1 {
		demand = n.at(g.Last + 1)
		weeks = g.Live(demand)
		if n.stocks != nil {
			r.Notes = append(r.Notes, g.adopt(n)...)
		}
	}
	return r, s.decide(ctx, g, m, r, weeks, demand)
}

// step is the round that a file of sales leads to.
type step struct {
	round int
	notes []string
}

// due finds the round that the file belongs to, and what is wrong with it.
func (s *state) due(g *Game, n *news) (step, error) {
	played := len(s.costs)
	if n == nil {
		if played > 1 {
			return step{}, fmt.Errorf("round %d needs the sales of the week of %s", played+1, weekName(g.Last+1))
		}
		return step{round: 1}, nil
	}
	notes, err := s.compare(g, n)
	if err != nil {
		return step{}, err
	}
	last, due := n.last(), g.Last+1
	switch {
	case last < s.start:
		return step{}, fmt.Errorf("%s ends with the week of %s, before the history does, with that of %s", n.file,
			weekName(last), weekName(s.start))
	case last < due:
		return step{last - s.start + 1, notes}, nil
	case played == 0:
		return step{}, fmt.Errorf("%s goes to the week of %s, but the first order is due after the history's last week, that of "+
			"%s: play round 1 first, with the history as the sales", n.file, weekName(last), weekName(s.start))
	case last > due || n.weeks[0] > due:
		return step{}, fmt.Errorf("%s goes to the week of %s, but that of %s is due: rounds are played one after the other",
			n.file, weekName(last), weekName(due))
	case g.Week >= g.Rules.lastWeek():
		return step{}, fmt.Errorf("the game is over: week %d, that of %s, was its last", g.Rules.lastWeek(), weekName(g.Last))
	}
	empty := 0
	for _, d := range n.at(last) {
		if d != d {
			empty++
		}
	}
	if empty > 0 {
		notes = append(notes, fmt.Sprintf("%d items have no figure for the week of %s: taken as none sold, and not learnt from",
			empty, weekName(last)))
	}
	return step{last - s.start + 1, notes}, nil
}

// compare holds the weeks of a file that are known already against what is known: a played week must be the same.
func (s *state) compare(g *Game, n *news) (notes []string, err error) {
	changed, first := 0, ""
	for _, week := range n.weeks {
		if week < g.First || week > g.Last {
			continue
		}
		demand, known := n.at(week), make([]float64, len(g.Items))
		for i := range known {
			known[i] = g.Sales[i][week-g.First]
		}
		i := differs(demand, known)
		switch {
		case i < 0 || n.stocks != nil && week == s.start: // the initial state tells of no sales
		case week > s.start:
			return nil, fmt.Errorf("%s: %s has %v in the week of %s, but the round was played with %v: a played week can't be "+
				"changed", n.file, g.Items[i], sold(demand[i]), weekName(week), sold(known[i]))
		default:
			if changed == 0 {
				first = fmt.Sprintf("%s in the week of %s", g.Items[i], weekName(week))
			}
			changed++
		}
	}
	if changed > 0 {
		notes = append(notes, fmt.Sprintf("%s differs from the history in %d weeks, first %s: the game goes on with the history "+
			"that it began with",
			n.file, changed, first))
	}
	return notes, nil
}

// adopt takes over the stock of a state file, which is the game's own truth.
func (g *Game) adopt(n *news) (notes []string) {
	changed, first := 0, -1
	for i, own := range g.Stocks {
		theirs := n.stocks[i]
		same := own.OnHand == theirs.OnHand
		for k := range own.InTransit {
			same = same && own.InTransit[k] == theirs.InTransit[k]
		}
		if !same {
			if changed == 0 {
				first = i
			}
			changed++
		}
		g.Stocks[i] = theirs
	}
	if changed > 0 {
		notes = append(notes, fmt.Sprintf("%s has another stock for %d items than what was ordered and sold comes to, first %s: "+
			"the file's is taken",
			n.file, changed, g.Items[first]))
	}
	return notes
}

// replan decides the last round again.
func (s *state) replan(ctx context.Context, g *Game, m Move, r *Report) error {
	if r.Round != len(s.costs) {
		return fmt.Errorf("round %d can't be decided again: %d rounds have been played", r.Round, len(s.costs))
	}
	s.costs = s.costs[:r.Round-1]
	if _, err := s.readStock(g, s.roundFolder(r.Round)); err != nil { // that of before the order
		return err
	}
	var demand []float64
	if r.Round > 1 {
		for i := range g.Items {
			demand = append(demand, g.Sales[i][g.Last-g.First])
		}
	}
	return s.decide(ctx, g, m, r, s.weeks, demand)
}

// decide plans the order, keeps the round, and reports it.
func (s *state) decide(ctx context.Context, g *Game, m Move, r *Report, weeks []Week, demand []float64) error {
	if err := g.WriteHistory(filepath.Join(s.dir, historyFile)); err != nil {
		return err
	}
	orders := make([]float64, len(g.Items))
	if g.OrdersLeft() > 0 {
		outlook, err := g.outlook(m)
		if err != nil {
			return err
		}
		if orders, err = g.Plan(ctx, outlook, m.Plan); err != nil {
			return err
		}
	}
	if err := s.keep(r.Round, g, orders, weeks, demand); err != nil {
		return err
	}
	cost, err := s.readStock(g, s.roundFolder(r.Round))
	if err != nil {
		return err
	}
	s.costs = append(s.costs, cost)
	return s.report(g, r)
}

// outlook is the forecast that a move is decided on.
func (g *Game) outlook(m Move) (*Outlook, error) {
	if m.Forecast == "" {
		return g.Forecast()
	}
	given, err := g.ReadForecast(m.Forecast)
	if err != nil || !m.Blend {
		return given, err
	}
	own, err := g.Forecast()
	if err != nil {
		return nil, err
	}
	return Average(own, given), nil
}

// report fills in what the state folder knows about the round.
func (s *state) report(g *Game, r *Report) (err error) {
	folder := s.roundFolder(r.Round)
	if r.Order, err = os.ReadFile(filepath.Join(folder, orderFile)); err != nil {
		return errors.Join(fmt.Errorf("round %d", r.Round), err)
	}
	orders, err := s.readOrders(folder, g)
	if err != nil {
		return err
	}
	for _, q := range orders {
		if q > 0 {
			r.Items++
			r.Units += q
		}
	}
	for _, c := range s.costs[:r.Round] {
		r.Cost.Holding += c.Holding
		r.Cost.Shortage += c.Shortage
	}
	r.Week = weekName(s.start + r.Round - 1)
	r.Left = max(g.Rules.Orders-r.Round, 0)
	return nil
}

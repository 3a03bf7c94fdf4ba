package decision

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"

	"github.com/restock-engine/restock/optimize"
)

// Hash identifies everything that a SKU's recommendation depends on besides the seed and the engine: two runs with the same hash,
// seed and engine version give the same recommendation. It has three parts, joined by hyphens, so that a difference tells what
// has changed: the state (stock, what is on its way, the plan), the forecast, and the settings (costs, lead times, order rules,
// objective).
func Hash(in optimize.Input, o optimize.Options) string {
	a := *in.Article
	state := fmt.Appendf(nil, "%v %v %v %v", a.OnHand, a.InTransit, a.PendingReturns, in.Plan)
	a.OnHand, a.InTransit, a.PendingReturns = 0, nil, nil
	type fields optimize.Objective // all of them, not what the objective calls itself
	settings := fmt.Appendf(nil, "%+v %+v %s %d %d %d", a, fields(o.Objective), o.Trigger, o.Scenarios, o.EvalScenarios, o.Budget)
	quantiles := fmt.Appendf(nil, "%v ", in.Forecast.Levels)
	for _, v := range in.Forecast.Values {
		quantiles = binary.LittleEndian.AppendUint32(quantiles, math.Float32bits(v))
	}
	return short(state) + "-" + short(quantiles) + "-" + short(settings)
}

// short returns 48 bits of a SHA-256, in hexadecimal.
func short(data []byte) string {
	h := sha256.Sum256(data)
	return hex.EncodeToString(h[:6])
}

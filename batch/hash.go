package batch

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"

	"github.com/restock-engine/restock/optimize"
)

// inputHash identifies everything a recommendation depends on besides the seed and the engine: the resolved article, the forecast, the plan, the options
// and the SKU's key. Two runs with the same hash, seed and engine version give the same recommendation.
func inputHash(in optimize.Input, o optimize.Options) string {
	h := sha256.New()
	fmt.Fprintf(h, "%d %+v %+v %+v %v", in.Key, *in.Article, o, in.Plan, in.Forecast.Levels)
	buffer := make([]byte, 0, 4*len(in.Forecast.Values))
	for _, v := range in.Forecast.Values {
		buffer = binary.LittleEndian.AppendUint32(buffer, math.Float32bits(v))
	}
	h.Write(buffer)
	return hex.EncodeToString(h.Sum(nil)[:8])
}

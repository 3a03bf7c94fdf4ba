// Package judge tells how good forecasts were, by what happened afterwards.
//
// [Evaluate] makes forecasts at rolling origins in the past, or takes forecast files that were made then, and scores them by what
// was sold and by what the orders would have cost that the optimiser derives from them: a [Report]. [Check] compares how
// forecasts fared in the last weeks with how they fared before: a [DriftReport].
//
// At each origin, a forecaster is handed each SKU's history up to that week and no further: what comes later cannot leak into a
// forecast, because the slices end there. Weeks out of stock are not demand and are never scored. A history is read SKU by SKU,
// several times: to see which weeks and SKUs it has, to learn, and to score.
package judge

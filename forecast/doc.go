// Package forecast knows predictive distributions of weekly demand: quantile functions, the models that turn a sales history into
// them, their calibration and the scores they are judged by.
//
// Its two main types are [Series], one SKU's history, and [Quantiles], its forecast. A [Trainer] learns from a stream of series in
// bounded memory; its [Model], or a [Baseline] to compare with, then predicts each SKU from its own history. A [Score] judges forecasts
// against what happened. The package reads no files: tables are the business of package io/table.
package forecast

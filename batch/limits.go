package batch

// Names of the tables of limits in the input, and of the orders that keep them in the output.
const (
	limitsTable  = "limits"
	volumesTable = "volumes"
	ordersFile   = "orders.parquet"
)

// LimitResult is what became of a limit.
type LimitResult struct{}

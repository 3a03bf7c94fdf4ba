//go:build !linux

package main

import "time"

func pace(until time.Time) { time.Sleep(time.Until(until)) }

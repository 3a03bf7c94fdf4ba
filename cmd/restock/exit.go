package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// Exit codes of every command.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2 // the command line is wrong
	exitRejects     = 3 // more rows were rejected than allowed; the good ones are written
	exitChecks      = 4 // the result is complete, and a check of it failed
	exitInterrupted = 130
)

// exitError is an error with what the user can do about it and the exit code.
type exitError struct {
	err  error
	hint string // "" if the error says all
	code int
}

func (e *exitError) Error() string { return e.err.Error() }

func (e *exitError) Unwrap() error { return e.err }

// usageErrorf is a mistake in the command line.
func usageErrorf(hint, format string, args ...any) error {
	return &exitError{fmt.Errorf(format, args...), hint, exitUsage}
}

// withHint adds what to do to an error that ends with exit code 1.
func withHint(err error, hint string) error { return &exitError{err, hint, exitFailed} }

// report prints an error as `restock: <what>` and `hint: <what to do>`, and returns the exit code.
func report(ctx context.Context, stderr io.Writer, err error) int {
	if err == nil {
		return exitDone
	}
	code, hint := exitFailed, ""
	if e := (*exitError)(nil); errors.As(err, &e) {
		code, hint = e.code, e.hint
	}
	message := err.Error()
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		code = exitInterrupted
		message = strings.TrimSuffix(message, context.Canceled.Error()) + "interrupted"
	}
	fmt.Fprintf(stderr, "restock: %s\n", message)
	if hint != "" {
		fmt.Fprintf(stderr, "hint: %s\n", hint)
	}
	return code
}

// interruptible returns a context that ends with the first SIGINT or SIGTERM. After it signals have their usual effect again, so that
// a second one kills.
func interruptible() context.Context {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx
}

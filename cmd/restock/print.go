package main

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"strings"
	"unicode"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/lipgloss/table"
)

// printTable prints rows for people. Colours are used on a terminal only, and not if NO_COLOR is set.
func printTable(w io.Writer, headers []string, rows [][]string) error {
	cell := lipgloss.NewRenderer(w).NewStyle().Padding(0, 1)
	t := table.New().
		Border(lipgloss.NormalBorder()).BorderTop(false).BorderBottom(false).BorderLeft(false).BorderRight(false).BorderColumn(false).
		Headers(headers...).
		StyleFunc(func(row, _ int) lipgloss.Style {
			if row == table.HeaderRow {
				return cell.Bold(true)
			}
			return cell
		})
	for _, row := range rows {
		shown := make([]string, len(row))
		for i, text := range row {
			shown[i] = strings.Map(printable, text)
		}
		t.Row(shown...)
	}
	_, err := io.WriteString(w, t.Render()+"\n")
	return err
}

// printable replaces characters from files that could make a terminal do things.
func printable(r rune) rune {
	if unicode.IsPrint(r) {
		return r
	}
	return unicode.ReplacementChar
}

// printCSV prints rows for spreadsheets.
func printCSV(w io.Writer, headers []string, rows [][]string) error {
	out := csv.NewWriter(w)
	if err := out.Write(headers); err != nil {
		return err
	}
	return out.WriteAll(rows)
}

// printJSON prints a value for programs.
func printJSON(w io.Writer, v any) error {
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	return out.Encode(v)
}

package scenario

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// expand replaces each ${…} of a text by its value, the innermost first.
func (p *player) expand(text string) (string, error) {
	for range 100 {
		start := strings.LastIndex(text, "${")
		if start < 0 {
			return p.sum(text)
		}
		end := strings.IndexByte(text[start:], '}')
		if end < 0 {
			return "", fmt.Errorf("%q: a bracket is not closed", text)
		}
		value, err := p.function(strings.TrimSpace(text[start+2 : start+end]))
		if err != nil {
			return "", err
		}
		text = text[:start] + value + text[start+end+1:]
	}
	return "", fmt.Errorf("%q: too many brackets", text)
}

// function is the value of what stands in ${…}.
func (p *player) function(text string) (string, error) {
	words := strings.Fields(text)
	switch {
	case text == "time":
		return number12(float64(p.clock.Now().TTL.Unix())), nil
	case text == "timeout":
		at, ok := p.clock.NextEvent()
		if !ok {
			return "0", nil
		}
		return number12(at.Sub(p.clock.Now().TTL).Seconds()), nil
	case len(words) == 2 && words[0] == "ctime":
		n, err := p.value(words[1])
		if err != nil {
			return "", err
		}
		return time.Unix(int64(n), 0).UTC().Format("Mon Jan _2 15:04:05 2006"), nil
	case len(words) == 4 && words[0] == "range":
		least, err1 := p.value(words[1])
		x, err2 := p.value(words[2])
		most, err3 := p.value(words[3])
		if err1 != nil || err2 != nil || err3 != nil || x < least || x > most {
			return "", fmt.Errorf("%q: out of range", text)
		}
		return words[2], nil
	}
	return p.sum(text)
}

// sum computes from left to right; what is no computation is text.
func (p *player) sum(text string) (string, error) {
	words := strings.Fields(text)
	if len(words) == 0 {
		return "", nil
	}
	total, err := p.value(words[0])
	if err != nil {
		if !strings.HasPrefix(words[0], "$") {
			return text, nil
		}
		return "", err
	}
	for i := 1; i+1 < len(words); i += 2 {
		n, err := p.value(words[i+1])
		if err != nil {
			return "", err
		}
		switch words[i] {
		case "+":
			total += n
		case "-":
			total -= n
		case "*":
			total *= n
		case "/":
			total /= n
		default:
			return "", fmt.Errorf("%q: %q is no operator", text, words[i])
		}
	}
	return number12(total), nil
}

// value is a number, or that of a variable.
func (p *player) value(word string) (float64, error) {
	if name, ok := strings.CutPrefix(word, "$"); ok {
		v, known := p.vars[name]
		if !known {
			return 0, fmt.Errorf("no variable %q", name)
		}
		word = v
	}
	return strconv.ParseFloat(word, 64)
}

func number12(f float64) string { return strconv.FormatFloat(f, 'g', 12, 64) }

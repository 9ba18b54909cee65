package spelling

import "strings"

// Nearest returns the known word that is most like the one given, the first of
// several; false where none is like it. Case does not count. A word of three
// letters may differ by one edit, a longer one by a third of its length, and one
// may be the beginning of another.
func Nearest(word string, known []string) (string, bool) {
	word = strings.ToLower(word)
	best, least := "", len(word)/3+1
	if len(word) < 3 {
		least = 2
	}
	for _, k := range known {
		if len(word) >= 3 && least > 1 && strings.HasPrefix(strings.ToLower(k), word) {
			best, least = k, 1
			continue
		}
		if abs(len(k)-len(word)) >= least {
			continue
		}
		if d := distance(word, strings.ToLower(k)); d < least {
			best, least = k, d
		}
	}
	return best, best != ""
}

// distance is the number of octets to insert, delete, replace or swap with
// their neighbour that turns a into b (Levenshtein's, with the transposition
// that fast typing makes).
func distance(a, b string) int {
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}

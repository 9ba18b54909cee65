//go:build race

package doq

const raceDetector = true

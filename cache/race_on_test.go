//go:build race

package cache

// raceDetector tells that everything takes ten times as long.
const raceDetector = true

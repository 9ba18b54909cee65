//go:build race

package shard

// raceDetector tells that everything takes ten times as long.
const raceDetector = true

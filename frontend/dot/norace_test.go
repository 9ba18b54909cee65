//go:build !race

package dot

const raceDetector = false

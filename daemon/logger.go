package daemon

import (
	"io"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"recursor/daemon/config"
)

// Load is Check for who is to run the configuration; "" is the default one.
func Load(path string) (*config.Config, error) {
	if path == "" {
		return config.Default(), nil
	}
	return Check(path)
}

// NewLogger is the logger that the configuration asks for, writing to w.
func NewLogger(c *config.Config, w io.Writer) *zap.Logger {
	encoding := zap.NewProductionEncoderConfig()
	encoding.TimeKey, encoding.EncodeTime = "ts", zapcore.ISO8601TimeEncoder
	encoding.EncodeDuration = zapcore.StringDurationEncoder
	encoder := zapcore.NewJSONEncoder(encoding)
	if c.Log.Format == config.LogConsole {
		encoding.EncodeLevel = zapcore.CapitalLevelEncoder
		encoder = zapcore.NewConsoleEncoder(encoding)
	}
	return zap.New(zapcore.NewCore(encoder, zapcore.Lock(zapcore.AddSync(w)), level(c.Log.Level)))
}

func level(l config.LogLevel) zapcore.Level {
	switch l {
	case config.LogDebug:
		return zapcore.DebugLevel
	case config.LogWarn:
		return zapcore.WarnLevel
	case config.LogError:
		return zapcore.ErrorLevel
	default:
		return zapcore.InfoLevel
	}
}

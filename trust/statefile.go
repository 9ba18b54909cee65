package trust

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// StateFile is a file that is replaced as a whole: whatever happens meanwhile,
// what is read is one of the contents that were written.
type StateFile struct{ Path string }

// Read is the content; the error is os.ErrNotExist where there is none yet.
func (f StateFile) Read() ([]byte, error) {
	data, err := os.ReadFile(f.Path)
	if err != nil {
		return nil, fmt.Errorf("trust: %w", err)
	}
	if len(data) > MaxFile {
		return nil, ErrTooLarge
	}
	return data, nil
}

// Write replaces the content: into a file beside, to the disk, over the old
// one, and the folder to the disk too. On an error the old content stands.
// There is one writer at a time.
func (f StateFile) Write(data []byte) error {
	beside := f.Path + ".new" // one name, so that a crash leaves one file at most
	if err := writeSynced(beside, data); err != nil {
		_ = os.Remove(beside)
		return fmt.Errorf("trust: %w", err)
	}
	if err := os.Rename(beside, f.Path); err != nil {
		_ = os.Remove(beside)
		return fmt.Errorf("trust: %w", err)
	}
	return syncFolder(filepath.Dir(f.Path))
}

func writeSynced(path string, data []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	return errors.Join(err, file.Sync(), file.Close())
}

// syncFolder makes a rename last. Windows has no such call, and needs none.
func syncFolder(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	folder, err := os.Open(path)
	if err == nil {
		err = errors.Join(folder.Sync(), folder.Close())
	}
	return err
}

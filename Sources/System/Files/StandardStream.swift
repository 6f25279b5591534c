internal import CLinux
internal import Glibc

/// The standard streams, which every process has unless its parent closed them.
public enum StandardStream: Int32, Sendable, CaseIterable {
    /// Standard input.
    case input
    /// Standard output.
    case output
    /// Standard error.
    case error

    /// Opens a placeholder for each closed stream, so that no policy file and no socket gets its number.
    ///
    /// Call it before anything is opened: the lowest free number is then the missing one. Reading from a placeholder
    /// for input fails, and so does writing to one for output.
    public static func occupy() {
        for stream in allCases where fcntl(stream.rawValue, F_GETFD) < 0 {
            if stream == .input, File.occupy("/dev/null", O_WRONLY) { continue }
            // The root directory is the only file that always exists.
            File.occupy("/", O_RDONLY | O_DIRECTORY)
        }
    }

    /// The width of a terminal that does not tell its own, as a serial console.
    private static let standardColumns = 80

    /// The columns of the terminal that the stream goes to; `nil` for a pipe or a file.
    public var columns: Int? {
        guard isatty(rawValue) == 1 else { return nil }
        let columns = Int(shim_terminal_columns(rawValue))
        return columns > 0 ? columns : Self.standardColumns
    }

    /// Writes all of `text`, also to a non-blocking pipe.
    ///
    /// An empty text writes nothing, and checks whether the stream is writable.
    ///
    /// - Throws: `io`, for a full disk or a closed pipe.
    public func write(_ text: String) throws(KernelError) {
        ProgressLine.clear()
        var rest = Array(text.utf8)[...]
        do throws(SystemError) {
            if isBroken { throw SystemError(code: EPIPE) }
            repeat {
                do throws(SystemError) { rest = rest.dropFirst(try File.write(rest, to: rawValue)) } catch {
                    guard error.code == EAGAIN else { throw error }
                    _ = try File.wait(for: POLLOUT, on: rawValue, milliseconds: -1)
                }
            } while !rest.isEmpty
        } catch { throw error.during("writing to standard \(self)") }
    }

    /// Whether the stream leads to a file or a device, neither a terminal nor a pipe or a socket, where no one reads along.
    public var isHidden: Bool {
        guard isatty(rawValue) == 0, let status = try? FileSystem.status(of: rawValue) else { return false }
        return ![S_IFIFO, S_IFSOCK].contains(status.st_mode & S_IFMT)
    }

    /// Whether the stream leads to systemd's journal: `JOURNAL_STREAM` of systemd.exec(5).
    public var isJournal: Bool {
        guard let value = HostCalls.variable("JOURNAL_STREAM"), let status = try? FileSystem.status(of: rawValue) else {
            return false
        }
        return value == "\(status.st_dev):\(status.st_ino)"
    }

    /// Whether the pipe has no reader any more.
    private var isBroken: Bool {
        let events = try? File.wait(for: POLLOUT, on: rawValue, milliseconds: 0)
        return (events ?? 0) & POLLERR != 0
    }
}

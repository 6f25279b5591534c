internal import Glibc
internal import Listeners

/// The kernel's messages in systemd's journal, which outlast the kernel's own buffer and a boot: journalctl(1).
struct KernelJournal {
    /// The packets in messages with portreeve's prefix, by time.
    private(set) var packets: [LoggedPacket] = []
    /// The number of such messages that could not be read.
    private(set) var unreadable = 0
    /// The reason why packets may be missing, in a sentence.
    private(set) var doubt: String?

    private static let programs = ["/usr/bin/journalctl", "/bin/journalctl"]
    /// The newest entries that are read: a month of `log: 2/minute`.
    private static let mostEntries = 100_000
    /// The most bytes of output: entries have about 400.
    private static let mostBytes = 128 << 20
    /// Milliseconds; journals of years are searched at some hundred thousand messages a second.
    private static let patience: Int64 = 60_000
    private static let clockField = "_SOURCE_MONOTONIC_TIMESTAMP"

    /// Reads the messages that the buffer no longer has; none where there is no journal.
    ///
    /// - Parameters:
    ///   - oldest: the microseconds since boot of the oldest message in the kernel's buffer; `nil` if that is empty.
    ///   - boot: the id of this boot, 32 hexadecimal digits.
    ///   - start: the earliest time that is wanted, in seconds since 1970-01-01T00:00:00Z; `nil` for all.
    ///   - directory: the directory of the journal; that of the host by default.
    init(before oldest: Int64?, boot: String, since start: Int64?, directory: String? = nil) {
        guard let program = Self.programs.first(where: ProcFile.exists) else { return }
        // The facility is 0 for the kernel alone: a process that writes to /dev/kmsg has another.
        let words =
            [
                "--quiet", "--no-pager", "--output=export", "--output-fields=MESSAGE,\(Self.clockField)",
                "--grep=^portreeve ", "--case-sensitive=yes", "--lines=\(Self.mostEntries)",
            ] + (start.map { ["--since=@\($0)"] } ?? []) + (directory.map { ["--directory=\($0)"] } ?? [])
        do throws(SystemError) {
            let run = try ProgramRun(
                program, words + ["_TRANSPORT=kernel", "SYSLOG_FACILITY=0"], capturing: .output,
                within: Self.patience, atMost: Self.mostBytes)
            // 1 is also the status of a search without a result.
            if run.status > 1 { doubt = "journalctl exited with \(run.status)" }
            let entries = JournalExport.entries(run.bytes)
            if entries.count >= Self.mostEntries { doubt = "only its newest \(Self.mostEntries) messages were read" }
            read(entries.filter { !Self.isBuffered($0, oldest, boot) })
        } catch {
            doubt = error.during("reading the journal").description
        }
    }

    /// Whether the kernel's buffer has the message, too.
    private static func isBuffered(_ entry: JournalExport.Entry, _ oldest: Int64?, _ boot: String) -> Bool {
        guard let oldest, entry.text("_BOOT_ID") == boot else { return false }
        return entry.number(clockField).map { $0 >= oldest } ?? false
    }

    private mutating func read(_ entries: [JournalExport.Entry]) {
        for entry in entries {
            guard let message = entry.text("MESSAGE"), message.hasPrefix("portreeve ") else { continue }
            if let time = entry.number("__REALTIME_TIMESTAMP"),
                let packet = LoggedPacket(message: message[...], time: time / 1_000_000)
            {
                packets.append(packet)
            } else {
                unreadable += 1
            }
        }
        packets.sort { $0.time < $1.time }
    }
}

import Foundation
import Listeners
import Testing

@testable import System

@Suite("The kernel's messages in systemd's journal")
struct KernelJournalTests {
    private static let boots = ["1", "2"].map { String(repeating: "0", count: 31) + $0 }

    /// An entry that the journal takes for the kernel's, in the export format; times in seconds.
    private static func entry(_ message: String, boot: Int, at time: Int, clock: Int, facility: Int = 0) -> String {
        """
        __REALTIME_TIMESTAMP=\(time)000000
        __MONOTONIC_TIMESTAMP=\(clock)000000
        _BOOT_ID=\(boots[boot])
        _TRANSPORT=kernel
        SYSLOG_FACILITY=\(facility)
        _SOURCE_MONOTONIC_TIMESTAMP=\(clock)000000
        MESSAGE=\(message)


        """
    }

    private static func packet(from source: String) -> String {
        "portreeve refused: IN=eth0 OUT= MAC= SRC=\(source) DST=192.0.2.1 LEN=40 TOS=0x00 PREC=0x00 TTL=64 ID=1 PROTO=TCP SPT=40000 DPT=22 WINDOW=4096 RES=0x00 SYN URGP=0 "
    }

    /// A directory with a journal of two boots, written by systemd's own program.
    private func journal() throws -> URL {
        let directory = FileManager.default.temporaryDirectory.appending(path: "journal-\(UUID())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let export = directory.appending(path: "entries.export")
        let entries = [
            Self.entry(Self.packet(from: "203.0.113.1"), boot: 0, at: 1_700_000_000, clock: 500),
            Self.entry(Self.packet(from: "203.0.113.2"), boot: 1, at: 1_700_000_900, clock: 10),
            Self.entry("usb 1-1: new device", boot: 1, at: 1_700_000_901, clock: 11),
            Self.entry("portreeve refused: cut off", boot: 1, at: 1_700_000_902, clock: 12),
            Self.entry(Self.packet(from: "203.0.113.3"), boot: 1, at: 1_700_000_903, clock: 20),
            // A process wrote this one to /dev/kmsg.
            Self.entry(Self.packet(from: "203.0.113.4"), boot: 1, at: 1_700_000_904, clock: 13, facility: 1),
        ]
        try entries.joined().write(to: export, atomically: false, encoding: .utf8)
        let writer = Process()
        writer.executableURL = URL(filePath: "/lib/systemd/systemd-journal-remote")
        writer.arguments = ["-o", directory.appending(path: "system.journal").path, export.path]
        writer.standardError = FileHandle.nullDevice
        try writer.run()
        writer.waitUntilExit()
        #expect(writer.terminationStatus == 0)
        return directory
    }

    @Test("Those that the kernel's buffer does not have are read, of all boots, by time")
    func older() throws {
        let directory = try journal()
        defer { try? FileManager.default.removeItem(at: directory) }
        func sources(before oldest: Int64?, since start: Int64? = nil) -> [String] {
            let journal = KernelJournal(before: oldest, boot: Self.boots[1], since: start, directory: directory.path)
            #expect(journal.doubt == nil && journal.unreadable == 1)
            return journal.packets.map { "\($0.source)" }
        }
        #expect(sources(before: nil) == ["203.0.113.1", "203.0.113.2", "203.0.113.3"])
        // The buffer begins between both packets of this boot; the clock of another boot says nothing.
        #expect(sources(before: 15_000_000) == ["203.0.113.1", "203.0.113.2"])
        #expect(sources(before: nil, since: 1_700_000_800) == ["203.0.113.2", "203.0.113.3"])
    }

    @Test("A directory without a journal has none, and is no doubt")
    func none() throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "journal-\(UUID())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let journal = KernelJournal(before: nil, boot: Self.boots[1], since: nil, directory: directory.path)
        #expect(journal.packets.isEmpty && journal.unreadable == 0 && journal.doubt == nil)
    }

    @Test("Binary fields are read by their length, and an incomplete entry is left out")
    func binary() {
        let length: [UInt8] = [3, 0, 0, 0, 0, 0, 0, 0]
        let entry = Array("A=1\nB\n".utf8) + length + Array("x\ny\nC=2\n\n".utf8)
        let entries = JournalExport.entries(entry + Array("A=3\nB\n".utf8) + length + Array("x".utf8))
        #expect(entries.count == 1)
        #expect(entries[0].number("A") == 1 && entries[0].text("B") == "x\ny" && entries[0].number("C") == 2)
        for count in entry.indices { #expect(JournalExport.entries(Array(entry.prefix(count))).isEmpty) }
        #expect(JournalExport.entries(Array("B\n".utf8) + Array(repeating: 255, count: 9)).isEmpty)
    }
}

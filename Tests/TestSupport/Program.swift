internal import Foundation
internal import Glibc
public import Testing

/// Runs a program in the network namespace of the calling thread.
///
/// `Foundation.Process` spawns from a thread of its own, which is in another namespace; `posix_spawn` inherits the caller's.
public enum Program {
    /// The result of a program.
    public struct Result: Sendable {
        /// The exit status; 128 plus the signal for a killed program.
        public var status: Int32
        /// Standard output.
        public var output: String
        /// Standard error.
        public var errors: String
    }

    /// Runs `arguments` with `input` on standard input; the first argument is looked up in `PATH`.
    public static func run(_ arguments: [String], input: String = "") throws -> Result {
        let files = try (0..<3).map { _ in try TemporaryFile() }
        try Data(input.utf8).write(to: files[0].url)
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        for (descriptor, file) in files.enumerated() {
            let flags = descriptor == 0 ? O_RDONLY : O_WRONLY
            unsafe posix_spawn_file_actions_addopen(&actions, Int32(descriptor), file.url.path, flags, 0)
        }
        let status = wait(for: try unsafe spawn(arguments, &actions))
        let code = status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f
        return Result(status: code, output: try files[1].text, errors: try files[2].text)
    }

    /// The longest time for a program in microseconds; a program that takes longer fails its test.
    private static let longest: UInt32 = 300_000_000

    /// Waits for the process, which is killed if it takes too long; returns its status in the form of `wait(2)`.
    private static func wait(for process: pid_t) -> Int32 {
        var (status, waited, pause): (Int32, UInt32, UInt32) = (0, 0, 100)
        while unsafe waitpid(process, &status, WNOHANG) == 0 {
            if waited > longest { kill(process, SIGKILL) }
            usleep(pause)
            waited += pause
            pause = min(2 * pause, 5_000)
        }
        return status
    }

    @unsafe private static func spawn(
        _ arguments: [String], _ actions: inout posix_spawn_file_actions_t
    ) throws -> pid_t {
        var vector = unsafe arguments.map { unsafe strdup($0) } + [nil]
        defer { unsafe vector.forEach { unsafe free($0) } }
        // The threads of a test block signals; a shell that inherits the mask waits for its children forever.
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe posix_spawnattr_setsigmask(&attributes, &signals)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var process: pid_t = 0
        let code = unsafe posix_spawnp(&process, arguments[0], &actions, &attributes, &vector, environ)
        guard code == 0 else { throw POSIXError(POSIXErrorCode(rawValue: code) ?? .ENOENT) }
        return process
    }
}

/// A temporary file, deleted with the value.
private final class TemporaryFile {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("portreeve-\(UUID().uuidString)")
        try Data().write(to: url)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    var text: String { get throws { String(decoding: try Data(contentsOf: url), as: UTF8.self) } }
}

/// An `nft` program, for comparison.
public enum NftProgram: String, CaseIterable, CustomTestStringConvertible, Sendable {
    /// The program on the path.
    case installed = "nft"
    /// Version 1.1.3 of Debian 13, which `Tests/Nft/fetch` puts into the cache.
    case debian13 = "nft of Debian 13"

    /// A failure of `nft`.
    public struct Failure: Error, CustomStringConvertible {
        /// Its standard error.
        public var description: String
    }

    /// The folder of the program that is not on the path.
    private static let cache: URL = {
        let environment = ProcessInfo.processInfo.environment
        let caches = environment["XDG_CACHE_HOME"].map { URL(filePath: $0) } ?? .homeDirectory.appending(path: ".cache")
        let folder = environment["PORTREEVE_NFT"].map { URL(filePath: $0) } ?? caches.appending(path: "portreeve-nft")
        return folder.appending(path: "trixie")
    }()

    /// Whether the program is there.
    public var isThere: Bool {
        self == .installed || FileManager.default.isExecutableFile(atPath: Self.cache.appending(path: "nft").path)
    }

    /// A line that has a shell script run this program as `nft`.
    public var shellPreamble: String { self == .installed ? "" : "PATH='\(Self.cache.path)':$PATH\n" }

    /// The program in a test's name.
    public var testDescription: String { rawValue }

    /// Loads a ruleset from its text.
    public static func load(_ text: String) throws { _ = try run(["-f", "-"], input: text) }

    /// Lists a table without counters and other state.
    public static func list(_ table: String) throws -> String {
        try run(["-s", "list", "table"] + table.split(separator: " ").map(String.init))
    }

    /// Runs `nft` with these arguments and returns its output.
    @discardableResult
    public static func run(_ arguments: [String], input: String = "") throws -> String {
        let result = try Program.run(["nft"] + arguments, input: input)
        guard result.status == 0 else { throw Failure(description: result.errors) }
        return result.output
    }
}

extension Trait where Self == ConditionTrait {
    /// Skips where the nft of Debian 13 is missing, and fails where `PORTREEVE_REQUIRE_PRIVILEGES=1` forbids to skip.
    public static var bothNfts: Self {
        .enabled(
            if: Privileges.areRequired || NftProgram.debian13.isThere,
            "needs the nft of Debian 13: run \"sh Tests/Nft/fetch\"")
    }
}

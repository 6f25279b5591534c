internal import Addressing
internal import Glibc

/// Looks up DNS names by the resolver of the system, each family of each name in a process of its own.
///
/// A process has no privileges and little time, so that neither a hostile answer nor a server that never answers harms
/// this one. It is in the network namespace of the calling thread.
public struct NameLookup: Sendable {
    private let executable: String
    private let milliseconds: Int64
    private let namespace: String?

    /// The most processes at once.
    private static let mostProcesses = 32
    /// The most bytes of an answer.
    private static let longestAnswer = 512 << 10
    private static let chunkLength = 16 << 10

    /// Look-ups by a program that runs `NameProcess`, each of them at most this many milliseconds.
    ///
    /// A network namespace that was entered by name may have name servers of its own: ip-netns(8).
    public init(
        by executable: String = "/proc/self/exe", within milliseconds: Int64 = 10_000, in namespace: String? = nil
    ) {
        self.executable = executable
        self.namespace = namespace
        self.milliseconds = milliseconds
    }

    /// The answers, two for each name.
    public func answers(for names: [String]) -> [NameAnswer] {
        let questions = names.flatMap { name in AddressFamily.allCases.map { (name, $0) } }
        return stride(from: 0, to: questions.count, by: Self.mostProcesses).flatMap { start in
            batch(Array(questions[start..<min(start + Self.mostProcesses, questions.count)]))
        }
    }

    /// A process and the text that it wrote until now.
    private struct Child {
        let name: String
        let family: AddressFamily
        let number: Int32
        let descriptor: Int32
        var bytes: [UInt8] = []
        var hasEnded = false
    }

    private func batch(_ questions: [(name: String, family: AddressFamily)]) -> [NameAnswer] {
        var failures: [NameAnswer] = []
        var children: [Child] = []
        for (name, family) in questions {
            do throws(SystemError) { children.append(try start(name, family)) } catch {
                failures.append(
                    NameAnswer(name, family, .failure("cannot start a process: \(HostCalls.text(ofError: error.code))"))
                )
            }
        }
        let end = Uptime.milliseconds + milliseconds
        while children.contains(where: { !$0.hasEnded }), Uptime.milliseconds < end { read(&children, until: end) }
        return failures + children.map { answer($0, until: end) }
    }

    private func start(_ name: String, _ family: AddressFamily) throws(SystemError) -> Child {
        let ends = try File.pipe()
        let writing = File(descriptor: ends.writing)
        do throws(SystemError) {
            let number = try ProcessCalls.spawn(
                executable, NameProcess.arguments(name, family, namespace), passing: writing.descriptor,
                as: NameProcess.answerDescriptor)
            return Child(name: name, family: family, number: number, descriptor: ends.reading)
        } catch {
            close(ends.reading)
            throw error
        }
    }

    /// Waits for text of any process, and reads it.
    private func read(_ children: inout [Child], until end: Int64) {
        let waiting = children.indices.filter { !children[$0].hasEnded }
        var requests = waiting.map { pollfd(fd: children[$0].descriptor, events: Int16(POLLIN), revents: 0) }
        let rest = Int32(clamping: max(0, end - Uptime.milliseconds))
        guard unsafe poll(&requests, UInt(requests.count), rest) > 0 else { return }
        for (index, request) in zip(waiting, requests) where request.revents != 0 {
            var chunk = [UInt8](repeating: 0, count: Self.chunkLength)
            let count = unsafe Glibc.read(children[index].descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            children[index].bytes += chunk.prefix(max(0, count))
            children[index].hasEnded = count <= 0 || children[index].bytes.count > Self.longestAnswer
        }
    }

    /// The answer of a process, which is ended if it has not ended itself in time: it may close its pipe and stay.
    private func answer(_ child: Child, until end: Int64) -> NameAnswer {
        if !child.hasEnded || child.bytes.count > Self.longestAnswer { kill(child.number, SIGKILL) }
        close(child.descriptor)
        let status = ProcessCalls.awaitEnd(of: child.number, killingAt: end)
        let outcome =
            child.hasEnded ? NameAnswer.Outcome(String(decoding: child.bytes, as: UTF8.self), of: child.family) : nil
        let failure =
            status.flatMap {
                child.hasEnded ? "the process that looks it up ended with status \($0) and no answer" : nil
            }
            ?? "no answer within \(milliseconds / 1000) seconds"
        return NameAnswer(child.name, child.family, outcome ?? .failure(failure))
    }
}

internal import Printing
internal import System

extension PolicyOptions {
    /// Ends the command with an error of usage if `file`, which is to have its results, is the policy.
    func requireOther(than file: String?) throws {
        let files = TrustedFiles()
        guard let file, let identity = files.identity(of: file), identity == files.identity(of: policy) else { return }
        throw CommandError(.usage, "--output names the policy, \(file.printable): name another file")
    }
}

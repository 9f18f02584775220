// Datasets: named arrays of samples, read by sample number from files that are never held whole.

#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tare/core/result.h"
#include "tare/data/images.h"
#include "tare/tensor/tensor.h"

namespace tare::data {

/// Name, element type and shape of one array of a dataset.
struct ArrayInfo {
  std::string name;
  DType dtype = DType::kUndefined;
  /// Shape of one sample: the array's shape without its first axis. Empty for one number a sample.
  Shape sample_shape;
  /// Of a column of text: the different texts, sorted; the array's int64 numbers index it.
  std::vector<std::string> classes;
};

/// What an array that cannot be handed out may hold.
enum class Holds {
  kNumbers,    ///< of the samples, perhaps: a value is missing, or is none among numbers
  kOther,      ///< of the samples, but no numbers: texts, objects
  kNoSamples,  ///< not of the samples, or unreadable
};

/// An array that the file holds and tare cannot hand out, with the reason: of a value that cannot
/// be used its sample, its line where lines are counted, and what it is.
struct SkippedArray {
  std::string name;
  Error error;
  Holds holds = Holds::kNoSamples;
};

/// Random access by sample to one or more arrays with the same number of samples.
///
/// Samples  the first axis of every array. An array without axes (a scalar) is the same number
///          for each sample. Arrays whose first axis differs from the others' are skipped().
/// Memory   does not grow with the file: what must be decoded (deflate, text, Parquet) is decoded
///          once into an unlinked temporary file under $TMPDIR, kept in memory up to 1 MiB.
/// Threads  const calls may run together.
class Dataset {
 public:
  virtual ~Dataset() = default;

  /// The file or files, for messages.
  virtual const std::string& source() const = 0;
  /// At least 1.
  virtual int64_t num_samples() const = 0;
  /// In the order of the file.
  virtual std::span<const ArrayInfo> arrays() const = 0;
  virtual std::span<const SkippedArray> skipped() const { return {}; }
  /// The first line that names its columns in another order than the one before; 0: none does. Where
  /// there is one, the order of arrays() says nothing of the order in which a model takes them.
  virtual int64_t reordered_line() const { return 0; }
  /// What was decided in reading that a user should know, a sentence each.
  virtual std::vector<std::string> notes() const { return {}; }

  /// Returns the given samples of an array, in the given order, repeats allowed.
  ///
  /// Shape    [samples.size(), sample_shape...]
  /// Errors   kNotFound: no such array (names the nearest); kInvalidArgument: a sample number is
  ///          outside [0, num_samples()); kDataLoss: the file is truncated or corrupt there;
  ///          kResourceExhausted: no room for the temporary file.
  virtual Result<Tensor> Read(std::string_view array, std::span<const int64_t> samples) const = 0;

  /// Returns columns (arrays of one number a sample) side by side: float64, or int64 when all of
  /// them are integers.
  ///
  /// Shape    [samples.size(), columns.size()]
  /// Errors   as Read(); kInvalidArgument: an array is not a column.
  virtual Result<Tensor> ReadColumns(std::span<const std::string> columns,
                                     std::span<const int64_t> samples) const;

  /// Names of the columns of text that ReadTexts() reads: those with classes, and those with too
  /// many or too long texts for classes, which are skipped() as arrays.
  virtual std::vector<std::string> text_columns() const { return {}; }

  /// Returns the texts of a column, in the order of `samples`.
  /// Errors   kNotFound: no such column of text; else as Read().
  virtual Result<std::vector<std::string>> ReadTexts(std::string_view column,
                                                     std::span<const int64_t> samples) const;

  /// Returns the SHA-256 of the bytes of the file (of several: of their names and digests), as 64
  /// hex digits. Reads the file once, at the first call.
  virtual Result<std::string> Digest() const = 0;

  /// Returns the description of an array.
  /// Errors  kNotFound: no such array; the reason, when it is one of skipped().
  Result<ArrayInfo> Find(std::string_view array) const;
};

/// What tare reads.
enum class Format { kNpy, kNpz, kIdx, kCsv, kJsonLines, kParquet };

/// Opens a data file; the content decides the format, and the extension, in either case, tells CSV
/// from other text.
///
///   .npz       one array a member; stored and deflated members; CRC-32 checked at the first read
///   .npy       one array, named as the file; C and Fortran order, both byte orders
///   IDX        one array, named as the file; train-images-idx3-ubyte opens train-labels-idx1-ubyte
///              beside it too, as arrays `images` and `labels`
///   .csv .tsv  one array a column, named by the first line (0, 1, ... when that holds numbers
///              only and is no count of the columns: see ReadCsvHead); delimiter , ; or tab; text
///              is a class (see ArrayInfo::classes); .txt and .data with such a delimiter too
///   .jsonl     one object a line; numbers, booleans, text, and nested lists of one shape
///   .parquet   one array a column; lists must be of one length
///   a folder   of images (JPEG, PNG, WebP, BMP), or of a folder of them for each class, as arrays
///              `image` and `label`: what `form` says they become
///   .csv       with a column of image files (`file`, `path`, ...): `image`, and the other columns
///
/// Each file of samples may be gzipped.
/// Errors  kNotFound: no such file; kInvalidArgument: an empty file, a file without samples, images
///         that do not become one size; kUnsupported: another format (names what is readable); kDataLoss: truncated or
///         corrupt; kResourceExhausted: it decodes to over 1 GiB and 200 times its size.
Result<std::unique_ptr<Dataset>> OpenDataset(const std::string& path, const ImageForm& form = {});

/// Returns the SHA-256 that stands for all bytes of a data file, of a folder of images or of a CSV
/// file and the images that it names: Dataset::Digest(), without opening what need not be.
/// Errors  kNotFound: no such file; kDataLoss: it cannot be read; as OpenDataset() for images.
Result<std::string> DigestOfData(const std::string& path);

/// The same for bytes in memory; `name` stands for the file in messages and names its array.
Result<std::unique_ptr<Dataset>> OpenBytes(Format format, std::string bytes,
                                           const std::string& name = "bytes");

/// One array out of a file of its own.
struct ArrayFile {
  std::string name;  ///< name in the dataset
  std::string path;  ///< file with one array, or with one of that name
};

/// Opens several files as one dataset; one may be a folder of images without classes.
/// Errors  as OpenDataset(); kInvalidArgument: no files, a name twice, or different numbers of
///         samples; kNotFound: a file of several arrays has none of that name.
Result<std::unique_ptr<Dataset>> OpenArrays(std::span<const ArrayFile> files,
                                            const ImageForm& form = {});

/// Returns a dataset over tensors in memory: samples are on the first axis.
/// Errors  kInvalidArgument: no tensors, no samples, or different numbers of samples.
Result<std::unique_ptr<Dataset>> MakeDataset(std::string source, std::vector<NamedTensor> arrays);

}  // namespace tare::data

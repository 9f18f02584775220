#include "data/images/image_dataset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "data/test_files_internal.h"
#include "tare/core/hash.h"
#include "tare/data/feed.h"
#include "tare/data/labels.h"

namespace tare::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
namespace fs = std::filesystem;

class ImageFolderTest : public testing::Test {
 protected:
  void SetUp() override {
    auto folder = TemporaryFolder::Create();
    ASSERT_TRUE(folder);
    folder_.emplace(*std::move(folder));
  }
  std::string Root() const { return folder_->path() + "/set"; }

  void Put(const std::string& stored, const std::string& name) const {
    const fs::path path = fs::path(Root()) / name;
    fs::create_directories(path.parent_path());
    ASSERT_TRUE(WriteFileAtomic(path.string(), StoredBytes("images/" + stored)));
  }
  void Write(const std::string& name, const std::string& text) const {
    fs::create_directories((fs::path(Root()) / name).parent_path());
    ASSERT_TRUE(WriteFileAtomic((fs::path(Root()) / name).string(), text));
  }

  std::unique_ptr<Dataset> Open(const ImageForm& form = {}) const {
    auto dataset = OpenDataset(Root(), form);
    EXPECT_TRUE(dataset) << dataset.error().what;
    return dataset ? *std::move(dataset) : nullptr;
  }
  Error ErrorOf(const ImageForm& form = {}) const {
    auto dataset = OpenDataset(Root(), form);
    EXPECT_FALSE(dataset);
    return dataset ? Error() : dataset.error();
  }

  std::optional<TemporaryFolder> folder_;
};

ImageForm FormOf(const char* resize, const char* crop) {
  ImageForm form;
  if (*resize != 0) {
    EXPECT_TRUE(SetImageOption("resize", resize, form.options));
  }
  if (*crop != 0) {
    EXPECT_TRUE(SetImageOption("crop", crop, form.options));
  }
  return form;
}

TEST_F(ImageFolderTest, NumbersClassesInTheOrderOfTheirNamesAndFilesByPath) {
  Put("rgb.png", "dog/b.png");
  Put("alpha.png", "dog/a/z.png");
  Put("rgb.jpg", "Zebra/1.jpg");
  Put("grey.png", "cat/10.png");
  Put("bits.png", "cat/9.png");
  Write(".DS_Store", "x");
  Write("cat/Thumbs.db", "x");
  Write("dog/.hidden", "x");
  const auto dataset = Open();
  ASSERT_EQ(dataset->num_samples(), 5);
  ASSERT_EQ(dataset->arrays().size(), 2U);
  EXPECT_EQ(dataset->arrays()[0].sample_shape, (Shape{29, 37, 3}));
  // Byte by byte: capitals first, "10" before "9".
  EXPECT_THAT(dataset->arrays()[1].classes, ElementsAre("Zebra", "cat", "dog"));
  EXPECT_THAT(*ReadLabels(*dataset, "label", AllSamples(*dataset)), ElementsAre(0, 1, 1, 2, 2));
  EXPECT_THAT(*dataset->ReadTexts("label", std::vector<int64_t>{4, 0}),
              ElementsAre("dog", "Zebra"));
  const auto pillow = OpenStored("images/pillow.npz");
  const auto expect = [&](int64_t sample, const char* name) {
    const Tensor image = *dataset->Read("image", std::vector<int64_t>{sample});
    EXPECT_EQ(image, *pillow->Read(name, std::vector<int64_t>{0})) << sample;
  };
  for (int again = 0; again < 2; ++again) {  // decoded, then kept
    expect(0, "rgb.jpg");
    expect(1, "grey.png");
    expect(2, "bits.png");
    expect(3, "alpha.png");
    expect(4, "rgb.png");
  }
  EXPECT_THAT(dataset->notes(), testing::Contains(HasSubstr("alpha channel")));
}

TEST_F(ImageFolderTest, ResizesAndCropsAsTorchvision) {
  Put("rgb.png", "a.png");
  const auto pillow = OpenStored("images/pillow.npz");
  const std::vector<int64_t> first{0};
  EXPECT_EQ(*Open(FormOf("12", "9x7"))->Read("image", first), *pillow->Read("12 to 9x7", first));
  EXPECT_EQ(*Open(FormOf("20", "15"))->Read("image", first), *pillow->Read("20 to 15x15", first));
  EXPECT_EQ(*Open(FormOf("16x16", ""))->Read("image", first), *pillow->Read("16x16", first));
}

TEST_F(ImageFolderTest, MakesTheAxesAndChannelsThatAreAskedFor) {
  Put("rgb.png", "a.png");
  const std::vector<int64_t> first{0};
  const Tensor last = *Open()->Read("image", first);
  ImageForm form;
  form.options.axes = ImageAxes::kChannelsFirst;
  form.options.is_bgr = true;
  const Tensor swapped = *Open(form)->Read("image", first);
  ASSERT_EQ(swapped.shape(), (Shape{1, 3, 29, 37}));
  for (size_t i = 0; i < 29 * 37; ++i) {
    for (size_t c = 0; c < 3; ++c) {
      ASSERT_EQ(swapped.data<uint8_t>()[c * 29 * 37 + i], last.data<uint8_t>()[3 * i + 2 - c]);
    }
  }
  form = {};
  form.channels = 1;
  form.has_channels = false;
  const Tensor grey = *Open(form)->Read("image", first);
  EXPECT_EQ(grey.shape(), (Shape{1, 29, 37}));
  EXPECT_EQ(grey, *OpenStored("images/pillow.npz")->Read("rgb.png.grey", first));
}

TEST_F(ImageFolderTest, SaysWhatIsWrongWithAFolder) {
  fs::create_directories(Root());
  EXPECT_THAT(ErrorOf().what, HasSubstr("holds no images"));
  Write("cat/notes.txt", "hello");
  EXPECT_THAT(ErrorOf().what, HasSubstr("cat/notes.txt is no image"));
  EXPECT_THAT(ErrorOf().next_step, HasSubstr("remove it"));
  fs::remove(Root() + "/cat/notes.txt");
  EXPECT_THAT(ErrorOf().what, HasSubstr("cat holds no images"));
  Put("rgb.png", "cat/a.png");
  Put("rgb.png", "b.png");
  EXPECT_THAT(ErrorOf().what, HasSubstr("both files (b.png) and folders (cat)"));
  fs::remove(Root() + "/b.png");
  EXPECT_EQ(Open()->num_samples(), 1);
  fs::rename(Root() + "/cat", Root() + "/train");
  EXPECT_THAT(ErrorOf().what, HasSubstr("sets, not classes"));
  EXPECT_THAT(ErrorOf().next_step, HasSubstr("set/train"));
  EXPECT_EQ(OpenDataset(Root() + "/none").error().code, ErrorCode::kNotFound);
}

TEST_F(ImageFolderTest, NamesTheBrokenFileAndSkipsNone) {
  Put("rgb.png", "cat/a.png");
  const std::string jpeg = StoredBytes("images/rgb.jpg");
  Write("cat/b.jpg", jpeg.substr(0, jpeg.size() / 2));
  const auto dataset = Open();  // the head is whole
  const auto read = dataset->Read("image", AllSamples(*dataset));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::kDataLoss);
  EXPECT_THAT(read.error().what, HasSubstr("cat/b.jpg is cut off or corrupt"));
  Write("cat/b.jpg", "");
  EXPECT_THAT(ErrorOf().what, HasSubstr("cat/b.jpg"));
}

TEST_F(ImageFolderTest, AsksHowToResizeWhereSizesDiffer) {
  Put("rgb.png", "a.png");
  Write("b.bmp", [] {
    std::string bmp = StoredBytes("images/rgb.bmp");
    bmp[22] = 20;  // rows
    return bmp;
  }());
  ImageForm form;
  form.input = "pixels";
  form.size = {28, 28};
  const Error error = ErrorOf(form);
  EXPECT_THAT(error.what, HasSubstr("a.png has 37x29 pixels, "));
  EXPECT_THAT(error.what, HasSubstr("b.bmp 37x20"));
  EXPECT_THAT(error.next_step, HasSubstr("--resize 32 --crop 28"));
  EXPECT_THAT(error.next_step, HasSubstr("pixels: {resize: 32, crop: 28}"));
  form.options.resize = {16, 16};
  EXPECT_THAT(ErrorOf(form).what, HasSubstr("input 'pixels' takes 28x28"));
  form.options.resize = {28, 28};
  EXPECT_EQ(Open(form)->num_samples(), 2);
  EXPECT_THAT(ErrorOf(FormOf("", "28")).what, HasSubstr("less than the crop of 28x28"));
}

TEST_F(ImageFolderTest, DoesNotGuessWhichClassANumberIs) {
  for (const char* name : {"1", "2", "10"}) Put("rgb.png", StrCat(name, "/a.png"));
  const auto dataset = Open();
  const auto label = dataset->Find("label");
  ASSERT_FALSE(label);
  EXPECT_THAT(label.error().what, HasSubstr("which class '1' is: 1 as a number, 0 in the order"));
  fs::remove_all(Root());
  for (const char* name : {"0", "1", "2"}) Put("rgb.png", StrCat(name, "/a.png"));
  EXPECT_THAT(*ReadLabels(*Open(), "label", std::vector<int64_t>{0, 1, 2}), ElementsAre(0, 1, 2));
}

TEST_F(ImageFolderTest, HasADigestOfNamesAndBytesHoweverItIsOpened) {
  Put("rgb.png", "cat/a.png");
  const std::string digest = *Open()->Digest();
  EXPECT_EQ(*DigestOfData(Root() + "/"), digest);
  fs::rename(Root() + "/cat", Root() + "/dog");
  EXPECT_NE(*Open()->Digest(), digest) << "another class";
  fs::rename(Root() + "/dog", Root() + "/cat");
  Put("grey.png", "cat/a.png");
  EXPECT_NE(*Open()->Digest(), digest) << "other pixels";
  Put("rgb.png", "cat/a.png");
  EXPECT_EQ(*Open()->Digest(), digest);
}

TEST_F(ImageFolderTest, ReadsImagesThatATableNamesBesideItsColumns) {
  Put("rgb.png", "img/a.png");
  Put("rgb.jpg", "img/b.jpg");
  Write("images.csv", "file,label,light\nimg/b.jpg,7,0.5\nimg/a.png,3,0.25\n");
  const std::string path = Root() + "/images.csv";
  EXPECT_TRUE(HoldsImages(path));
  const auto dataset = OpenDataset(path);
  ASSERT_TRUE(dataset) << dataset.error().what;
  const std::vector<int64_t> both{0, 1};
  EXPECT_THAT(*ReadLabels(**dataset, "label", both), ElementsAre(7, 3));
  EXPECT_EQ(*(*dataset)->Read("image", std::vector<int64_t>{0}),
            *OpenStored("images/pillow.npz")->Read("rgb.jpg", std::vector<int64_t>{0}));
  EXPECT_DOUBLE_EQ((*dataset)->Read("light", both)->data<double>()[1], 0.25);
  EXPECT_TRUE((*dataset)->text_columns().empty()) << "the column of files gave way";
  EXPECT_FALSE((*dataset)->Find("file"));
  EXPECT_EQ(*DigestOfData(path), *(*dataset)->Digest());
  EXPECT_NE(*DigestOfData(path), Sha256File(path).value()) << "the images belong to it";
  Write("images.csv", "file,label\nimg/b.jpg,7\nimg/none.png,3\n");
  const auto missing = OpenDataset(path);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(missing.error().context[0], HasSubstr("sample 1"));
  Write("images.csv", "file,label\nnotes,7\n");
  EXPECT_FALSE(HoldsImages(path)) << "a table of texts";
}

TEST(ImageFormOfTest, TakesChannelsAxesAndSizeOfTheModelsInput) {
  const auto form = [](Shape shape) {
    const ValueInfo inputs[] = {{"x", DType::kFloat32, std::move(shape)}};
    return *ImageFormOf(inputs, {});
  };
  EXPECT_EQ(form({-1, 3, 224, 200}).size, (ImageSize{200, 224}));
  EXPECT_EQ(form({-1, 3, 224, 200}).options.axes, ImageAxes::kChannelsFirst);
  EXPECT_EQ(form({-1, 224, 200, 3}).options.axes, ImageAxes::kChannelsLast);
  EXPECT_EQ(form({-1, 224, 200, 3}).size, (ImageSize{200, 224}));
  EXPECT_EQ(form({-1, 1, 28, 28}).channels, 1);
  EXPECT_EQ(form({-1, -1, -1, -1}).size, ImageSize());
  EXPECT_EQ(form({-1, -1, -1, -1}).channels, 3);
  EXPECT_EQ(form({3, 64, 64}).channels, 3);
  EXPECT_FALSE(form({-1, 28, 28}).has_channels);
  EXPECT_EQ(form({-1, 28, 28}).channels, 1);
}

TEST(ImageFormOfTest, RefusesChannelsThatImagesDoNotHave) {
  const ValueInfo inputs[] = {{"x", DType::kFloat32, {1, 4, 8, 8}}};
  const auto form = ImageFormOf(inputs, {});
  ASSERT_FALSE(form);
  EXPECT_THAT(form.error().what, HasSubstr("4 channels"));
  InputBinding binding{.input = "y", .array = "", .preprocessing = {}};
  binding.images.shorter_side = 8;
  EXPECT_EQ(ImageFormOf(inputs, std::span(&binding, 1)).error().code, ErrorCode::kNotFound);
}

TEST(SetImageOptionTest, ReadsWhatItWrites) {
  ImageOptions options;
  for (const auto& [key, value] : std::vector<std::pair<std::string, std::string>>{
           {"resize", "320x240"}, {"crop", "224"}, {"layout", "nhwc"}, {"channels", "bgr"}}) {
    ASSERT_TRUE(SetImageOption(key, value, options));
  }
  EXPECT_EQ(options.resize, (ImageSize{320, 240}));
  EXPECT_EQ(options.crop, (ImageSize{224, 224}));
  ImageOptions again;
  for (const auto& [key, value] : ImageOptionTexts(options))
    ASSERT_TRUE(SetImageOption(key, value, again));
  EXPECT_EQ(again, options);
  for (const char* wrong : {"0", "-1", "224x", "x224", "a", "99999", "2x3x4", ""}) {
    const auto set = SetImageOption("resize", wrong, again);
    ASSERT_FALSE(set) << wrong;
    EXPECT_THAT(set.error().next_step, HasSubstr("WIDTHxHEIGHT"));
  }
  EXPECT_FALSE(SetImageOption("layout", "chw", again));
}

}  // namespace
}  // namespace tare::data

#include "tare/evaluate/predictions/foreign_files.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "core/json_reader.h"

namespace tare::evaluate {
namespace {

using Json = JsonReader::Json;

constexpr int64_t kMaxFileBytes = int64_t{1} << 30;

Result<Json> Parse(const FileText& file) {
  auto json = ParseJson(file.text, file.name, kMaxFileBytes);
  if (json) return json;
  Error error = std::move(json).error();
  error.next_step = "make the file again, or give JSON Lines and no --truth";
  return error;
}

// The objects of a list, each with its place.
Result<std::vector<JsonReader>> ObjectsOf(const JsonReader& reader, const char* key) {
  TARE_TRY(const Json* list, reader.Array(key));
  if (list == nullptr) return reader.Wrong(key, "a list: it is missing");
  std::vector<JsonReader> objects;
  for (size_t i = 0; i < list->size(); ++i) {
    objects.push_back(reader.At(key, i, (*list)[i]));
    TARE_TRY_VOID(objects.back().ExpectObject());
  }
  return objects;
}

// A whole number or a text, as the dump of its JSON: 7 and "7" are two.
Result<std::string> NeedKey(const JsonReader& fields, const char* key) {
  const Json* child = fields.Child(key);
  if (child == nullptr || !(child->is_number_integer() || child->is_string()))
    return fields.Wrong(key, "a whole number or a text");
  return child->dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<std::string> NeedText(const JsonReader& fields, const char* key) {
  const Json* child = fields.Child(key);
  if (child == nullptr || !child->is_string()) return fields.Wrong(key, "a text");
  return child->get<std::string>();
}

void AppendLine(const Json& line, std::string& out) {
  out += line.dump(-1, ' ', false, Json::error_handler_t::replace);
  out += '\n';
}

// ---- COCO -----------------------------------------------------------------------------------

struct ImageBoxes {
  Json id;
  std::optional<double> width, height;
  Json label = Json::array(), prediction = Json::array();
};

// Boxes of a file against the sizes of their images: corners end beyond them, shares within a pixel.
struct BoxPlaces {
  int64_t num_boxes = 0, num_beyond = 0, num_in_pixel = 0;

  void Add(const Json& box, const ImageBoxes& image) {
    if (!image.width || !image.height) return;
    const auto at = [&](size_t i) { return box[i].get<double>(); };
    const double right = at(0) + at(2), bottom = at(1) + at(3);
    ++num_boxes;
    if (right > 1.05 * *image.width || bottom > 1.05 * *image.height) ++num_beyond;
    if (right <= 1.05 && bottom <= 1.05) ++num_in_pixel;
  }

  Result<void> Check(const std::string& file) const {
    constexpr int64_t kFew = 10;
    // A detector's own boxes may leave the image too, but few do.
    const bool are_beyond = 5 * num_beyond > num_boxes, are_shares = 2 * num_in_pixel > num_boxes;
    if (num_boxes < kFew || (!are_beyond && !are_shares)) return {};
    return InvalidArgument(
        are_beyond ? StrCat(num_beyond, " of ", num_boxes, " boxes of ", file,
                            " end beyond their images: they look like corners, [x1, y1, x2, y2]")
                   : StrCat(num_in_pixel, " of ", num_boxes, " boxes of ", file,
                            " lie within one pixel: they look like shares of the image"),
        "COCO's boxes are [x, y, width, height] in pixels");
  }
};

// Whole numbers in their order, before texts in theirs.
struct ById {
  bool operator()(const Json& a, const Json& b) const {
    if (a.is_number() != b.is_number()) return a.is_number();
    return a < b;
  }
};

class CocoReader {
 public:
  Result<void> ReadTruth(const FileText& file) {
    TARE_TRY(truth_, Parse(file));
    const JsonReader reader(truth_, file.name, "");
    TARE_TRY_VOID(reader.ExpectObject());
    TARE_TRY(const auto images, ObjectsOf(reader, "images"));
    for (const JsonReader& image : images) {
      TARE_TRY_VOID(NeedKey(image, "id"));
      const Json& id = *image.Child("id");
      ImageBoxes boxes{.id = id};
      TARE_TRY(boxes.width, image.Number("width"));
      TARE_TRY(boxes.height, image.Number("height"));
      if (!images_.emplace(id, std::move(boxes)).second)
        return image.Wrong("id", "an id of its own: it stands twice");
    }
    TARE_TRY(const auto categories, ObjectsOf(reader, "categories"));
    for (const JsonReader& category : categories) {
      TARE_TRY(auto id, NeedKey(category, "id"));
      categories_.insert(std::move(id));
    }
    TARE_TRY(const auto annotations, ObjectsOf(reader, "annotations"));
    BoxPlaces places;
    for (const JsonReader& annotation : annotations) {
      TARE_TRY(Json box, ReadBox(annotation));
      for (const char* key : {"area", "iscrowd", "ignore"}) {
        if (const Json* child = annotation.Child(key)) box[key] = *child;
      }
      TARE_TRY(ImageBoxes * image, ImageOf(annotation));
      places.Add(box["bbox"], *image);
      image->label.push_back(std::move(box));
    }
    return places.Check(file.name);
  }

  Result<void> ReadResults(const FileText& file) {
    TARE_TRY(Json list, Parse(file));
    if (!list.is_array()) {
      return InvalidArgument(StrCat(file.name, " is not a list of COCO results"),
                             "give [{\"image_id\", \"category_id\", \"bbox\", \"score\"}, ...]");
    }
    Json document = {{"", std::move(list)}};
    const JsonReader reader(document, file.name, "");
    TARE_TRY(const auto results, ObjectsOf(reader, ""));
    BoxPlaces places;
    for (const JsonReader& result : results) {
      TARE_TRY(Json box, ReadBox(result));
      TARE_TRY(const auto score, result.Number("score"));
      if (!score) return result.Wrong("score", "a number: it is missing");
      box["score"] = *score;
      TARE_TRY(ImageBoxes * image, ImageOf(result));
      places.Add(box["bbox"], *image);
      image->prediction.push_back(std::move(box));
    }
    return places.Check(file.name);
  }

  std::string Lines() const {
    std::string out;
    for (const auto& [id, image] : images_)
      AppendLine({{"id", id}, {"label", image.label}, {"prediction", image.prediction}}, out);
    return out;
  }

 private:
  Result<Json> ReadBox(const JsonReader& fields) const {
    TARE_TRY(const Json* list, fields.Array("bbox"));
    const auto is_size = [](const Json& number) {
      return number.is_number() && std::isfinite(number.get<double>());
    };
    if (list == nullptr || list->size() != 4 || !std::all_of(list->begin(), list->end(), is_size) ||
        (*list)[2].get<double>() < 0 || (*list)[3].get<double>() < 0)
      return fields.Wrong("bbox", "[x, y, width, height] with a size of at least 0");
    TARE_TRY(const std::string category, NeedKey(fields, "category_id"));
    if (!categories_.contains(category))
      return fields.Wrong("category_id", StrCat("one of the categories: ", category));
    return Json{{"bbox", *list}, {"category_id", *fields.Child("category_id")}};
  }

  Result<ImageBoxes*> ImageOf(const JsonReader& fields) {
    TARE_TRY(const std::string id, NeedKey(fields, "image_id"));
    const auto image = images_.find(*fields.Child("image_id"));
    if (image == images_.end()) return fields.Wrong("image_id", StrCat("one of the images: ", id));
    return &image->second;
  }

  Json truth_;
  std::map<Json, ImageBoxes, ById> images_;
  std::set<std::string> categories_;
};

// ---- SQuAD ----------------------------------------------------------------------------------

// Answers by id. Read as they come: an object that keeps its order looks through all keys for each.
Result<std::map<std::string, std::string>> ReadAnswers(const FileText& file) {
  class Reader final : public nlohmann::json_sax<nlohmann::json> {
   public:
    std::map<std::string, std::string> answers;
    std::string problem;

    bool null() override { return Fail(); }
    bool boolean(bool) override { return Fail(); }
    bool number_integer(int64_t) override { return Fail(); }
    bool number_unsigned(uint64_t) override { return Fail(); }
    bool number_float(double, const std::string&) override { return Fail(); }
    bool binary(nlohmann::json::binary_t&) override { return Fail(); }
    bool start_array(size_t) override { return Fail(); }
    bool end_array() override { return Fail(); }
    bool start_object(size_t) override { return ++depth_ == 1 || Fail(); }
    bool end_object() override { return true; }
    bool key(std::string& name) override {
      id_ = name;
      if (answers.contains(id_)) problem = StrCat("the id '", id_, "' stands twice");
      return problem.empty();
    }
    bool string(std::string& value) override {
      if (depth_ == 0) return Fail();
      answers[id_] = std::move(value);
      return true;
    }
    bool parse_error(size_t position, const std::string&,
                     const nlohmann::detail::exception&) override {
      if (problem.empty()) problem = StrCat("it is not JSON: stopped at byte ", position);
      return false;
    }

   private:
    bool Fail() {
      problem = id_.empty() ? "it is no object of ids and answers"
                            : StrCat("the answer of '", id_, "' is no text");
      return false;
    }
    std::string id_;
    int depth_ = 0;
  };
  Reader reader;
  if (static_cast<int64_t>(file.text.size()) > kMaxFileBytes ||
      !nlohmann::json::sax_parse(file.text, &reader)) {
    return InvalidArgument(
        StrCat(file.name, ": ", reader.problem.empty() ? "over 1 GiB" : reader.problem),
        "give what the official SQuAD scripts read: {\"id of a question\": \"answer\", ...}");
  }
  return std::move(reader.answers);
}

class SquadReader {
 public:
  SquadReader(std::string name, std::map<std::string, std::string> answers)
      : name_(std::move(name)), answers_(std::move(answers)) {}

  Result<void> ReadData(const JsonReader& data) {
    TARE_TRY(const auto articles, ObjectsOf(data, "data"));
    for (const JsonReader& article : articles) {
      TARE_TRY(const auto paragraphs, ObjectsOf(article, "paragraphs"));
      for (const JsonReader& paragraph : paragraphs) {
        TARE_TRY(const std::string context, NeedText(paragraph, "context"));
        TARE_TRY(const auto questions, ObjectsOf(paragraph, "qas"));
        for (const JsonReader& question : questions) TARE_TRY_VOID(AddQuestion(question, context));
      }
    }
    return {};
  }

  Result<std::string> Lines() && {
    for (const auto& [id, answer] : answers_) {
      if (ids_.contains(id)) continue;
      return InvalidArgument(StrCat(name_, ": '", id, "' is the id of no question of the data"),
                             "give the data that were predicted on");
    }
    return std::move(lines_);
  }

 private:
  Result<void> AddQuestion(const JsonReader& question, const std::string& context) {
    TARE_TRY(const std::string id, NeedText(question, "id"));
    if (!ids_.insert(id).second)
      return question.Wrong("id", StrCat("an id of its own: '", id, "' stands twice"));
    const auto answer = answers_.find(id);
    if (answer == answers_.end()) {
      return InvalidArgument(StrCat(name_, " has no answer to the question '", id, "'"),
                             "predict all questions: both models are judged on the same");
    }
    TARE_TRY(const auto golds, ObjectsOf(question, "answers"));
    Json texts = Json::array();
    for (const JsonReader& gold : golds) {
      TARE_TRY(std::string text, NeedText(gold, "text"));
      texts.push_back(std::move(text));
    }
    TARE_TRY(const std::string asked, question.Text("question"));
    AppendLine({{"id", id},
                {"answers", std::move(texts)},
                {"context", context},
                {"question", asked},
                {"prediction", answer->second}},
               lines_);
    return {};
  }

  std::string name_;
  std::map<std::string, std::string> answers_;
  std::set<std::string> ids_;
  std::string lines_;
};

}  // namespace

Result<std::optional<verdict::Task>> TaskOfTruth(const FileText& truth) {
  TARE_TRY(const Json json, Parse(truth));
  std::optional<verdict::Task> task;
  if (json.is_object() && json.contains("annotations")) task = verdict::Task::kObjectDetection;
  if (json.is_object() && json.contains("data")) task = verdict::Task::kQuestionAnswering;
  return task;
}

Result<std::string> LinesOfCoco(const FileText& annotations, const FileText& results) {
  CocoReader reader;
  TARE_TRY_VOID(reader.ReadTruth(annotations));
  TARE_TRY_VOID(reader.ReadResults(results));
  return reader.Lines();
}

Result<std::string> LinesOfSquad(const FileText& data, const FileText& predictions) {
  TARE_TRY(const Json questions, Parse(data));
  TARE_TRY(auto answers, ReadAnswers(predictions));
  const JsonReader data_reader(questions, data.name, "");
  TARE_TRY_VOID(data_reader.ExpectObject());
  SquadReader reader(predictions.name, std::move(answers));
  TARE_TRY_VOID(reader.ReadData(data_reader));
  return std::move(reader).Lines();
}

}  // namespace tare::evaluate

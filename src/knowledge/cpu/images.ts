import { cpu, cpuClasses } from "./row.ts";

const DECODES = "also decodes an image that has only been opened";
const IMAGE = "PIL.Image.Image";

/** Images, video and sound. */
export const IMAGE_CPU = [
  ...cpu("Pillow 9.4-13: measured on CPython 3.11.7, and read in 12.3 libImaging", [
    [`${IMAGE}.{resize,thumbnail}`, "releases", "heavy", `20-40 ms for 3 megapixels; ${DECODES}`],
    [`${IMAGE}.load`, "releases", "heavy", "decodes: 23 ms for a JPEG of 3 megapixels"],
    [`${IMAGE}.{convert,rotate,transpose,point}`, "releases", "heavy", DECODES],
    [`${IMAGE}.{transform,effect_spread,reduce}`, "releases", "heavy", DECODES],
    [`${IMAGE}.filter`, "releases", "heavy", "90 ms for a blur of 3 megapixels; the rank filters keep the GIL"],
    [`${IMAGE}.quantize`, "releases", "heavy", "3.8 s for 3 megapixels with median cut"],
    [
      `${IMAGE}.save`,
      "mixed",
      "heavy",
      "writing a real file lets go of the GIL, PNG and WebP always do; a JPEG written to BytesIO keeps it",
    ],
    [`${IMAGE}.{crop,paste,alpha_composite,histogram,entropy,remap_palette,putalpha}`, "releases", "input", DECODES],
    [`${IMAGE}.{copy,tobytes}`, "releases", "input", DECODES],
    [
      `${IMAGE}.getdata`,
      "freezes",
      "input",
      "a list of it is one long C call",
      "numpy.asarray / concurrent.futures.ProcessPoolExecutor",
    ],
    [`${IMAGE}.getcolors`, "freezes", "input", "1.3 s for 3 megapixels of noise"],
    [`${IMAGE}.{split,getchannel,putdata,getextrema,getprojection,apply_transparency}`, "freezes", "input"],
    [
      `${IMAGE}.{getpixel,putpixel,getbbox,getbands,getexif,getpalette,putpalette,close,seek,tell,show,verify,draft}`,
      "holds",
      "light",
    ],
    ["PIL.Image.open", "holds", "light", "lazy: load() or the first use decodes"],
    ["PIL.Image.{new,fromarray,frombytes,frombuffer,merge,registered_extensions}", "releases", "input"],
    ["PIL.Image.blend", "freezes", "heavy", "keeps the GIL"],
    ["PIL.Image.{composite,alpha_composite,eval}", "releases", "heavy"],
    [
      "PIL.ImageChops.{difference,add,subtract,multiply,screen,blend,lighter,darker,invert,offset,composite}",
      "freezes",
      "input",
      "keeps the GIL",
    ],
    [
      "PIL.ImageFilter.{MedianFilter,MinFilter,MaxFilter,RankFilter,ModeFilter}",
      "holds",
      "light",
      "used in filter() they keep the GIL: 1 s for 2 megapixels",
    ],
    [
      "PIL.ImageFilter.{GaussianBlur,BoxBlur,UnsharpMask,Kernel,Color3DLUT}",
      "releases",
      "light",
      "the work is done by filter()",
    ],
    [
      "PIL.ImageOps.{fit,pad,contain,cover,scale,expand,grayscale,colorize,autocontrast,equalize,posterize,solarize,deform}",
      "releases",
      "heavy",
      DECODES,
    ],
    ["PIL.ImageOps.{exif_transpose,mirror,flip,invert,crop}", "releases", "input", DECODES],
    ["PIL.ImageEnhance._Enhance.enhance", "mixed", "heavy", "blends two images: that part keeps the GIL"],
    ["PIL.ImageStat.Stat", "releases", "input"],
    [
      "PIL.ImageDraw.ImageDraw.{text,line,rectangle,ellipse,polygon,multiline_text,textbbox,arc,point,floodfill}",
      "holds",
      "input",
    ],
    ["PIL.{ImageDraw.Draw,ImageDraw.ImageDraw.textlength,ImageFont.truetype,ImageFont.load_default}", "holds", "light"],
    ["PIL.{ImageGrab.grab,ImageMath.eval,ImageMath.lambda_eval,ImageMorph.MorphOp.apply}", "holds", "heavy"],
    [
      "pillow_heif.{open_heif,read_heif} blurhash.{encode,decode} colorthief.ColorThief.{get_color,get_palette}",
      "holds",
      "heavy",
    ],
    [
      "imagehash.{phash,average_hash,dhash,whash,colorhash,crop_resistant_hash}",
      "mixed",
      "heavy",
      "scales the image down first",
    ],
  ]),
  ...cpu("OpenCV 4.6 and 5.0: every wrapped function lets go of the GIL; measured on CPython 3.11.7", [
    [
      "cv2.{resize,warpAffine,warpPerspective,remap,pyrMeanShiftFiltering,undistort,imencode,imdecode,imread,imwrite,imdecodemulti,imreadmulti}",
      "releases",
      "heavy",
      "OpenCV uses several cores by itself: cv2.setNumThreads limits it",
    ],
    [
      "cv2.{GaussianBlur,medianBlur,bilateralFilter,filter2D,sepFilter2D,Canny}",
      "releases",
      "heavy",
      "8-220 ms for 3 megapixels",
    ],
    [
      "cv2.{cvtColor,blur,boxFilter,Sobel,Scharr,Laplacian,threshold,adaptiveThreshold,dilate,erode,morphologyEx,findContours,calcHist,equalizeHist,flip,rotate,split,merge,add,subtract,absdiff,bitwise_and,addWeighted,normalize,inRange}",
      "releases",
      "input",
      "1-5 ms for 3 megapixels",
    ],
    [
      "cv2.{matchTemplate,HoughLines,HoughLinesP,HoughCircles,goodFeaturesToTrack,cornerHarris,distanceTransform,watershed,grabCut,inpaint,kmeans,connectedComponentsWithStats}",
      "releases",
      "heavy",
    ],
    [
      "cv2.{fastNlMeansDenoising,fastNlMeansDenoisingColored,calcOpticalFlowPyrLK,calcOpticalFlowFarneback,stylization,detailEnhance,edgePreservingFilter,pencilSketch,seamlessClone}",
      "releases",
      "heavy",
    ],
    [
      "cv2.{findHomography,findFundamentalMat,findEssentialMat,solvePnP,solvePnPRansac,calibrateCamera,stereoCalibrate,findChessboardCorners,recoverPose,triangulatePoints}",
      "releases",
      "input",
    ],
    [
      "cv2.Feature2D.{detect,compute,detectAndCompute} cv2.{BFMatcher,FlannBasedMatcher}.{match,knnMatch}",
      "releases",
      "heavy",
    ],
    [
      "cv2.CascadeClassifier.{detectMultiScale,detectMultiScale2,detectMultiScale3} cv2.HOGDescriptor.{detectMultiScale,compute}",
      "releases",
      "heavy",
    ],
    [
      "cv2.QRCodeDetector.{detect,detectAndDecode,detectAndDecodeMulti} cv2.aruco.{detectMarkers,ArucoDetector.detectMarkers}",
      "releases",
      "heavy",
    ],
    ["cv2.dnn.{blobFromImage,blobFromImages}", "releases", "input"],
    [
      "cv2.dnn.Net.forward cv2.dnn.{readNet,readNetFromONNX,readNetFromCaffe,readNetFromDarknet,readNetFromTensorflow}",
      "releases",
      "heavy",
    ],
    [
      "cv2.{BackgroundSubtractor,FaceRecognizerSF,FaceDetectorYN,StereoSGBM,Stitcher}.{apply,detect,feature,compute,stitch}",
      "releases",
      "heavy",
    ],
    ["cv2.VideoWriter.write", "releases", "heavy", "encodes a frame"],
    ["cv2.VideoCapture.{read,retrieve}", "releases", "light", "waits for a frame, then decodes it"],
    ["cv2.VideoCapture.{grab,isOpened,get,set,release} cv2.VideoWriter.{isOpened,release}", "releases", "light"],
    [
      "cv2.{rectangle,circle,line,putText,polylines,drawContours,ellipse,arrowedLine,getTextSize,boundingRect,contourArea,arcLength,minAreaRect,boxPoints,moments}",
      "releases",
      "light",
      "microseconds",
    ],
    [
      "cv2.{getRotationMatrix2D,getPerspectiveTransform,getAffineTransform,getStructuringElement,Rodrigues,imshow,waitKey,waitKeyEx,namedWindow,destroyAllWindows,destroyWindow,setNumThreads,getTickCount,getTickFrequency}",
      "releases",
      "light",
    ],
    [
      "cv2.{VideoCapture,VideoWriter,VideoWriter_fourcc,CascadeClassifier,QRCodeDetector,BFMatcher,FlannBasedMatcher,KeyPoint,HOGDescriptor,ORB_create,SIFT_create,AKAZE_create,BRISK_create,SimpleBlobDetector_create,createCLAHE,createBackgroundSubtractorMOG2,createBackgroundSubtractorKNN}",
      "releases",
      "light",
    ],
  ]),
  ...cpu("scikit-image 0.25, imageio 2, pyvips, Wand: their sources, not measured", [
    [
      "imageio.{imread,imwrite,mimread,mimsave,imsave,volread} imageio.v2.{imread,imwrite,mimread,mimsave,volread}",
      "mixed",
      "heavy",
      "Pillow or ffmpeg inside",
    ],
    ["imageio.v3.{imread,imwrite,imiter}", "mixed", "heavy", "Pillow or ffmpeg inside"],
    ["imageio.{get_reader,get_writer}", "mixed", "input", "reads and writes frame by frame"],
    ["skimage.io.{imread,imsave,imread_collection}", "mixed", "heavy"],
    [
      "skimage.transform.{AffineTransform,SimilarityTransform,ProjectiveTransform,EuclideanTransform}",
      "holds",
      "light",
    ],
    [
      "tifffile.{imread,imwrite,TiffFile.asarray} pydicom.dcmread nibabel.load SimpleITK.{ReadImage,WriteImage,Execute}",
      "mixed",
      "heavy",
    ],
    [
      "pyvips.Image.{write_to_file,write_to_buffer,thumbnail,thumbnail_buffer,thumbnail_image}",
      "releases",
      "heavy",
      "libvips uses several cores by itself",
    ],
    [
      "wand.image.Image.{resize,transform,save,make_blob,convert,blur,gaussian_blur,rotate,crop,sharpen,thumbnail,sample}",
      "releases",
      "heavy",
      "a ctypes call to ImageMagick",
    ],
    ["rembg.remove", "mixed", "heavy", "runs a neural network"],
    ["albumentations.{Compose,core.composition.Compose}.__call__", "mixed", "heavy"],
    ["pyzbar.pyzbar.decode pylibdmtx.pylibdmtx.decode", "releases", "heavy", "a ctypes call"],
    [
      "pytesseract.{image_to_string,image_to_data,image_to_boxes,image_to_osd,image_to_pdf_or_hocr}",
      "releases",
      "light",
      "tesseract does it: this side waits",
    ],
    ["tesserocr.{image_to_text,file_to_text,PyTessBaseAPI.GetUTF8Text,PyTessBaseAPI.Recognize}", "releases", "heavy"],
  ]),
  ...cpu("moviepy 2, pydub 0.25, librosa 0.11, soundfile 0.13: their sources, not measured", [
    [
      "{moviepy.editor,moviepy}.{VideoFileClip,VideoClip,CompositeVideoClip}.{write_videofile,write_gif}",
      "holds",
      "light",
      "ffmpeg encodes in a child process: this side feeds it frames and waits",
    ],
    [
      "{moviepy.editor,moviepy}.{VideoFileClip,AudioFileClip,CompositeVideoClip,concatenate_videoclips}",
      "holds",
      "light",
      "ffmpeg decodes in a child process",
    ],
    [
      "{moviepy.editor,moviepy}.{VideoFileClip,VideoClip}.{iter_frames,get_frame}",
      "holds",
      "input",
      "a Python loop over frames",
    ],
    [
      "pydub.AudioSegment.{from_file,from_mp3,from_wav,from_ogg,export}",
      "releases",
      "light",
      "ffmpeg converts in a child process for most formats",
    ],
    [
      "pydub.AudioSegment.{overlay,set_frame_rate,set_channels,apply_gain,fade,fade_in,fade_out,reverse,low_pass_filter,high_pass_filter,compress_dynamic_range,split_to_mono,get_array_of_samples}",
      "holds",
      "input",
      "audioop and Python loops",
    ],
    ["pydub.effects.{normalize,speedup,compress_dynamic_range,low_pass_filter,high_pass_filter}", "holds", "heavy"],
    [
      "pydub.silence.{split_on_silence,detect_silence,detect_nonsilent,detect_leading_silence}",
      "holds",
      "heavy",
      "a Python loop over milliseconds",
    ],
    ["librosa.{load,resample,stft,istft,cqt,pyin,yin,piptrack}", "mixed", "heavy", "numpy and numba inside"],
    [
      "librosa.{beat.beat_track,onset.onset_detect,onset.onset_strength,effects.time_stretch,effects.pitch_shift,effects.trim,effects.split,effects.hpss,decompose.hpss,griffinlim}",
      "mixed",
      "heavy",
    ],
    ["soundfile.{read,write,blocks,SoundFile.read,SoundFile.write}", "releases", "input", "a cffi call to libsndfile"],
    ["torchaudio.{load,save,functional.resample} audioread.audio_open noisereduce.reduce_noise", "releases", "heavy"],
    ["scipy.io.wavfile.{read,write}", "holds", "input"],
    ["wave.Wave_read.readframes wave.Wave_write.{writeframes,writeframesraw}", "holds", "input"],
    ["aubio.{source,pitch,onset} essentia.standard.MonoLoader pyworld.{wav2world,synthesize}", "holds", "heavy"],
    ["webrtcvad.Vad.is_speech", "holds", "light"],
  ]),
];

/** Modules of image libraries of which every function works the same way. */
export const IMAGE_CPU_CLASSES = [
  ...cpuClasses("OpenCV 4.6 and 5.0: every wrapped function lets go of the GIL; measured on CPython 3.11.7", [
    ["cv2", "releases", "input", "", "OpenCV uses several cores by itself"],
    ["cv2.{ximgproc,xphoto,xfeatures2d,optflow,photo,fisheye,omnidir,text,face}", "releases", "input", ""],
  ]),
  ...cpuClasses("scikit-image 0.25: Python over numpy, parts of it in Cython without the GIL; not measured", [
    [
      "skimage.{transform,filters,filters.rank,morphology,segmentation,restoration,feature,measure,exposure,registration,graph}",
      "holds",
      "heavy",
      "",
    ],
    ["skimage.{color,util,metrics,draw}", "holds", "input", ""],
  ]),
  ...cpuClasses("librosa 0.11: numpy and numba inside, not measured", [["librosa.feature", "mixed", "heavy", ""]]),
];
